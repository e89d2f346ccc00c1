package orders_test

import (
	"testing"
	"time"

	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// BenchmarkRedisApply fills an empty model in full batches with pairs of
// PaymentReceived and PaymentVerified. It also reports the time that Redis
// spends, which is the limit of a rebuild.
func BenchmarkRedisApply(b *testing.B) {
	server := redistest.Start(b)
	events := projectiontest.Pairs(b, 100_000, 10_000)
	var spent time.Duration
	for b.Loop() {
		before := server.CPU()
		projectiontest.Apply(b, orders.NewRedis(server.Store(b), redismodel.Live()), events)
		b.StopTimer()
		spent += server.CPU() - before
		server.Client().FlushAll(b.Context())
		b.StartTimer()
	}
	n := float64(b.N) * float64(len(events))
	b.ReportMetric(n/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(spent.Nanoseconds())/n, "redis-ns/event")
}
