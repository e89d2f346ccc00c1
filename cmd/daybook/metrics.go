package main

import (
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"

	"github.com/prometheus/client_golang/prometheus"
)

// commitMetrics are what the store tells of its commits. They are made before
// it is opened, because opening commits.
type commitMetrics struct {
	duration prometheus.Histogram
	size     prometheus.Histogram
	events   prometheus.Counter
}

func newCommitMetrics() *commitMetrics {
	return &commitMetrics{
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "daybook_store_commit_duration_seconds",
			Help:    "Time that a group of appends took to become durable, from its first decision to the end of its sync.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16), // up to 3.3 s
		}),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "daybook_store_commit_events",
			Help:    "Events that became durable with one sync.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11), // up to 1,024
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "daybook_store_events_appended_total",
			Help: "Events appended to the log since the start.",
		}),
	}
}

// committed is sqlitestore.Options.OnCommit: the next group waits for it.
func (m *commitMetrics) committed(events int, took time.Duration) {
	m.duration.Observe(took.Seconds())
	m.size.Observe(float64(events))
	m.events.Add(float64(events))
}

// tail is the end of the log as a store without gaps tells it: the position of
// the last event is their number. A store with gaps has no lag in events.
type tail interface {
	Tail() (last eventstore.Position, unfiled int)
}

// logCollector reads the end of the log, and how far the projections are from
// it, when it is asked.
type logCollector struct {
	log         tail // nil: there is nothing to collect
	projections []*follow.Projection
}

var (
	logEnd = prometheus.NewDesc("daybook_store_end_position",
		"Position of the last event of the log, which is how many it has.", nil, nil)
	logUnfiled = prometheus.NewDesc("daybook_store_events_unfiled",
		"Events that are durable in the journal and not yet in the table. They are filed within a second unless the disk is full.", nil, nil)
	lagEvents = prometheus.NewDesc("daybook_projection_lag_events",
		"Events of the log that a projection has not applied, whether it knows of them or not.", []string{"projection"}, nil)
)

// Describe implements prometheus.Collector.
func (logCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- logEnd
	descriptions <- logUnfiled
	descriptions <- lagEvents
}

// Collect implements prometheus.Collector.
func (c logCollector) Collect(collected chan<- prometheus.Metric) {
	if c.log == nil {
		return
	}
	applied := make(map[string]eventstore.Position, len(c.projections))
	for _, p := range c.projections { // before the end, so that none is beyond it
		status := p.Status()
		applied[status.Name] = status.Position()
	}
	last, unfiled := c.log.Tail()
	collected <- prometheus.MustNewConstMetric(logEnd, prometheus.GaugeValue, float64(last))
	collected <- prometheus.MustNewConstMetric(logUnfiled, prometheus.GaugeValue, float64(unfiled))
	for name, position := range applied {
		// A model of a longer log has stopped its projection, and is behind nothing.
		behind := last - min(last, position)
		collected <- prometheus.MustNewConstMetric(lagEvents, prometheus.GaugeValue, float64(behind), name)
	}
}
