package httpapi

import (
	"daybook/http/connlimit"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	connectionsOpen = prometheus.NewDesc("daybook_connections",
		"Connections that are open: of strangers, of users whose token is good, of trusted proxies, and of the addresses that callbacks come from.",
		[]string{"room"}, nil)
	connectionsTurnedAway = prometheus.NewDesc("daybook_connections_turned_away_total",
		"Connections that were closed because their room was full: newcomers, and those that gave way to one.",
		[]string{"room"}, nil)
)

// Describe implements prometheus.Collector.
func (c *Connections) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- connectionsOpen
	descriptions <- connectionsTurnedAway
}

// Collect implements prometheus.Collector.
func (c *Connections) Collect(collected chan<- prometheus.Metric) {
	for name, room := range map[string]*connlimit.Room{
		"strangers": &c.strangers, "users": &c.users, "proxies": &c.proxies, "callbacks": &c.callback,
	} {
		open, turnedAway := c.limit.Usage(room)
		collected <- prometheus.MustNewConstMetric(connectionsOpen, prometheus.GaugeValue, float64(open), name)
		collected <- prometheus.MustNewConstMetric(connectionsTurnedAway, prometheus.CounterValue, float64(turnedAway), name)
	}
}
