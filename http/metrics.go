package httpapi

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/projections/follow"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the server counts. Labels have route templates and words of
// ours alone: nothing that a client chooses, and nobody's name.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	callbacks map[string]prometheus.Counter // by outcome
}

// outcomes are all that a callback comes to.
var outcomes = []string{
	string(recorder.Recorded), string(recorder.Duplicate), string(recorder.Held), string(recorder.Quarantined), callback.Test, callback.Refused,
}

// newMetrics makes them, and exposes more beside them.
func newMetrics(all []*follow.Projection, more ...prometheus.Collector) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "daybook_http_requests_total",
			Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "daybook_http_request_duration_seconds",
			Help:    "Time from the header of a request to its answer, by route.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"route"}),
		callbacks: make(map[string]prometheus.Counter, len(outcomes)),
	}
	callbacks := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "daybook_callbacks_total",
		Help: "Callbacks by outcome: recorded, duplicate, held, quarantined, test, or refused for their source, secret or signature. A repetition counts again. One answered 408 or 5xx has no outcome yet and is not here.",
	}, []string{"outcome"})
	for _, outcome := range outcomes {
		m.callbacks[outcome] = callbacks.WithLabelValues(outcome) // at 0, or no alert would see the first one
	}
	m.registry.MustRegister(
		collectors.NewBuildInfoCollector(),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.durations, callbacks, projectionCollector(all),
	)
	m.registry.MustRegister(more...)
	return m
}

// routeMetrics are those of one route. They exist from its first request on.
type routeMetrics struct {
	requests *prometheus.CounterVec // by method and status
	duration func() prometheus.Observer
}

func (m *metrics) route(route string) *routeMetrics {
	return &routeMetrics{
		requests: m.requests.MustCurryWith(prometheus.Labels{"route": route}),
		duration: sync.OnceValue(func() prometheus.Observer { return m.durations.WithLabelValues(route) }),
	}
}

func (m *routeMetrics) request(method string, status int, took time.Duration) {
	m.requests.WithLabelValues(knownMethod(method), strconv.Itoa(status)).Inc()
	m.duration().Observe(took.Seconds())
}

func (m *metrics) callback(outcome string) { m.callbacks[outcome].Inc() }

// expose answers in the format of Prometheus. Strangers may ask too, and each
// answer that is compressed takes most of a megabyte meanwhile.
func (m *metrics) expose() handler {
	inner := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
	return func(w *call, r *http.Request) error {
		inner.ServeHTTP(w, r)
		return nil
	}
}
