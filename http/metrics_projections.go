package httpapi

import (
	"daybook/projections/follow"

	"github.com/prometheus/client_golang/prometheus"
)

// projectionCollector reads the projections when it is asked.
type projectionCollector []*follow.Projection

// The metrics of one projection.
var (
	projectionPosition = projectionDesc("position", "Position up to which a projection has applied the log.")
	projectionLag      = projectionDesc("lag_seconds", "Age of the oldest event that a projection knows and has not applied, or time since it lost its read model or the log; 0 if it has applied all. Of use once it has caught up.")
	projectionCaughtUp = projectionDesc("caught_up", "1 if a projection has reached the end of the log since the start, or since its read model was replaced by an older copy. Until then its reads answer 503.")
	projectionApplied  = projectionDesc("applied_total", "Events that a projection has applied since the start.")
	projectionBatches  = projectionDesc("batches_total", "Batches in which it has applied them.")
	projectionStopped  = projectionDesc("stopped", "1 if a projection has stopped and its reads answer 503.")
	projectionLost     = projectionDesc("read_model_unreachable", "1 if the store of a projection's read model does not answer, or cannot keep it.")
	projectionRetries  = projectionDesc("retries_total", "Failures after which a projection has tried again since the start.")
)

func projectionDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("daybook_projection_"+name, help, []string{"projection"}, nil)
}

// Describe implements prometheus.Collector.
func (projectionCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		projectionPosition, projectionLag, projectionCaughtUp, projectionApplied, projectionBatches,
		projectionStopped, projectionLost, projectionRetries,
	} {
		descriptions <- d
	}
}

// Collect implements prometheus.Collector.
func (c projectionCollector) Collect(collected chan<- prometheus.Metric) {
	for _, p := range c {
		status := p.Status()
		send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64) {
			collected <- prometheus.MustNewConstMetric(d, kind, value, status.Name)
		}
		send(projectionPosition, prometheus.GaugeValue, float64(status.Position()))
		send(projectionLag, prometheus.GaugeValue, status.Lag.Seconds())
		send(projectionCaughtUp, prometheus.GaugeValue, one(status.CaughtUp))
		send(projectionApplied, prometheus.CounterValue, float64(status.Applied))
		send(projectionBatches, prometheus.CounterValue, float64(status.Batches))
		send(projectionStopped, prometheus.GaugeValue, one(status.State == follow.Stopped))
		send(projectionLost, prometheus.GaugeValue, one(lost(p) != nil))
		send(projectionRetries, prometheus.CounterValue, float64(status.Retries))
	}
}

// one is how Prometheus writes down what is true or false.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
