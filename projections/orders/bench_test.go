package orders_test

import (
	"runtime"
	"testing"

	"daybook/projections/orders"
	"daybook/projections/projectiontest"
)

// BenchmarkFold folds pairs of PaymentReceived and PaymentVerified into an
// empty model, decoding included.
func BenchmarkFold(b *testing.B) {
	events := projectiontest.Pairs(b, 50_000, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		projectiontest.Apply(b, orders.NewMemory(), events)
	}
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMemory reports how much memory the model takes for each paid order.
func BenchmarkMemory(b *testing.B) {
	const count = 200_000
	events := projectiontest.Pairs(b, count, 10_000)
	for b.Loop() {
		model := orders.NewMemory()
		before := projectiontest.Heap()
		projectiontest.Apply(b, model, events)
		used := projectiontest.Heap() - before
		b.ReportMetric(float64(used)/count, "B/order")
		runtime.KeepAlive(model)
		runtime.KeepAlive(events)
	}
}
