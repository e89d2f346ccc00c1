package main

import (
	"context"
	"math"
	"time"

	"daybook/projections/local"

	"github.com/prometheus/client_golang/prometheus"
)

// waitingCollector reads the worklists when it is asked.
type waitingCollector struct {
	waiting
	now func() time.Time
}

// waitingTime bounds the reading of one list.
const waitingTime = 2 * time.Second

var (
	waitingItems = prometheus.NewDesc("daybook_worklist_items",
		"Open items of a worklist by reason. Missing while the lists are folded from the log.", []string{"list", "reason"}, nil)
	waitingOldest = prometheus.NewDesc("daybook_worklist_oldest_age_seconds",
		"Age of the oldest open item of a worklist; 0 if there is none. Missing while the lists are folded from the log.", []string{"list"}, nil)
)

// Describe implements prometheus.Collector.
func (waitingCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- waitingItems
	descriptions <- waitingOldest
}

// Collect implements prometheus.Collector.
func (c waitingCollector) Collect(collected chan<- prometheus.Metric) {
	if c.projection.Ready(math.MaxInt64) != nil {
		return
	}
	for _, list := range local.Worklists {
		ctx, cancel := context.WithTimeout(context.Background(), waitingTime)
		counts, err := c.model.Counts(ctx, list.Name)
		cancel()
		if err != nil {
			continue // it is in the projection's status
		}
		oldest := 0.0
		for _, count := range counts {
			oldest = max(oldest, c.now().Sub(count.Oldest).Seconds())
			collected <- prometheus.MustNewConstMetric(waitingItems, prometheus.GaugeValue, float64(count.Open), list.Name, count.Reason)
		}
		collected <- prometheus.MustNewConstMetric(waitingOldest, prometheus.GaugeValue, oldest, list.Name)
	}
}
