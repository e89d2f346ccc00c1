package httpapi

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"daybook/projections"

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
	callbacks *prometheus.CounterVec
}

func newMetrics(all []*projections.Projection) *metrics {
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
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "daybook_callbacks_total",
			Help: "Callbacks by outcome: recorded, duplicate, held, quarantined, test, or refused before anything was stored.",
		}, []string{"outcome"}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.durations, m.callbacks, projectionCollector(all),
	)
	return m
}

// routeMetrics are those of one route. They exist from its first request on.
type routeMetrics struct {
	requests *prometheus.CounterVec // by method and status
	duration func() prometheus.Observer
	usual    atomic.Pointer[usual]
}

// usual is the counter of the last request, which the next one needs too more
// often than not. Finding it by its labels costs as much as the rest.
type usual struct {
	method  string
	status  int
	counter prometheus.Counter
}

func (m *metrics) route(route string) *routeMetrics {
	return &routeMetrics{
		requests: m.requests.MustCurryWith(prometheus.Labels{"route": route}),
		duration: sync.OnceValue(func() prometheus.Observer { return m.durations.WithLabelValues(route) }),
	}
}

func (m *routeMetrics) request(method string, status int, took time.Duration) {
	method = knownMethod(method)
	counted := m.usual.Load()
	if counted == nil || counted.method != method || counted.status != status {
		counted = &usual{method, status, m.requests.WithLabelValues(method, strconv.Itoa(status))}
		m.usual.Store(counted)
	}
	counted.counter.Inc()
	m.duration().Observe(took.Seconds())
}

func (m *metrics) callback(outcome string) { m.callbacks.WithLabelValues(outcome).Inc() }

// expose answers in the format of Prometheus.
func (m *metrics) expose() handler {
	inner := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return func(w http.ResponseWriter, r *http.Request) error {
		inner.ServeHTTP(w, r)
		return nil
	}
}

// projectionCollector reads the projections when it is asked.
type projectionCollector []*projections.Projection

var (
	projectionPosition = prometheus.NewDesc("daybook_projection_position",
		"Position up to which a projection has applied the log.", []string{"projection"}, nil)
	projectionLag = prometheus.NewDesc("daybook_projection_lag_seconds",
		"Age of the oldest event that a projection knows and has not applied.", []string{"projection"}, nil)
	projectionApplied = prometheus.NewDesc("daybook_projection_applied_total",
		"Events that a projection has applied since the start.", []string{"projection"}, nil)
	projectionStopped = prometheus.NewDesc("daybook_projection_stopped",
		"1 if a projection has stopped and its reads answer 503.", []string{"projection"}, nil)
	projectionLost = prometheus.NewDesc("daybook_projection_read_model_unreachable",
		"1 if the store of a projection's read model does not answer, or cannot keep it.", []string{"projection"}, nil)
	projectionRetries = prometheus.NewDesc("daybook_projection_retries_total",
		"Failures after which a projection has tried again since the start.", []string{"projection"}, nil)
)

// Describe implements prometheus.Collector.
func (projectionCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- projectionPosition
	descriptions <- projectionLag
	descriptions <- projectionApplied
	descriptions <- projectionStopped
	descriptions <- projectionLost
	descriptions <- projectionRetries
}

// Collect implements prometheus.Collector.
func (c projectionCollector) Collect(collected chan<- prometheus.Metric) {
	for _, p := range c {
		status := p.Status()
		stopped := 0.0
		if status.State == projections.Stopped {
			stopped = 1
		}
		gauge := func(d *prometheus.Desc, kind prometheus.ValueType, value float64) {
			collected <- prometheus.MustNewConstMetric(d, kind, value, status.Name)
		}
		gauge(projectionPosition, prometheus.GaugeValue, float64(status.Position()))
		gauge(projectionLag, prometheus.GaugeValue, status.Lag.Seconds())
		gauge(projectionApplied, prometheus.CounterValue, float64(status.Applied))
		gauge(projectionStopped, prometheus.GaugeValue, stopped)
		unreachable := 0.0
		if lost(p) != nil {
			unreachable = 1
		}
		gauge(projectionLost, prometheus.GaugeValue, unreachable)
		gauge(projectionRetries, prometheus.CounterValue, float64(status.Retries))
	}
}
