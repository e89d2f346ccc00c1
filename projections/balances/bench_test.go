package balances_test

import (
	"fmt"
	"runtime"
	"testing"

	"daybook/projections/balances"
	"daybook/projections/projectiontest"
)

// BenchmarkFold folds pairs of PaymentReceived and PaymentVerified into an
// empty model, decoding included.
func BenchmarkFold(b *testing.B) {
	for _, users := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			events := projectiontest.Pairs(b, 200_000, users)
			b.ReportAllocs()
			for b.Loop() {
				projectiontest.Apply(b, balances.NewMemory(), events)
			}
			b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkMemory reports how much memory the model takes for each entry.
func BenchmarkMemory(b *testing.B) {
	for _, shape := range []struct{ users, orders int }{{10_000, 10_000}, {10_000, 500_000}} {
		b.Run(fmt.Sprintf("users=%d/entries=%d", shape.users, shape.orders), func(b *testing.B) {
			events := projectiontest.Pairs(b, shape.orders, shape.users)
			for b.Loop() {
				model := balances.NewMemory()
				before := projectiontest.Heap()
				projectiontest.Apply(b, model, events)
				used := projectiontest.Heap() - before
				b.ReportMetric(float64(used)/float64(shape.orders), "B/entry")
				runtime.KeepAlive(model)
				runtime.KeepAlive(events)
			}
		})
	}
}
