package httpapi

import (
	"net/http"
	"strconv"
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

func (m *metrics) request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, knownMethod(method), strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(took.Seconds())
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
)

// Describe implements prometheus.Collector.
func (projectionCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- projectionPosition
	descriptions <- projectionLag
	descriptions <- projectionApplied
	descriptions <- projectionStopped
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
	}
}
