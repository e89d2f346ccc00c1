package orders_test

import (
	"testing"

	"daybook/projections/orders"
	"daybook/projections/projectiontest"
)

// BenchmarkFold folds pairs of PaymentReceived and PaymentVerified decoding
// included.
func BenchmarkFold(b *testing.B) {
	events := projectiontest.Pairs(b, 50_000, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		var o orders.Order
		for _, e := range events {
			if e.Revision == 0 {
				o = orders.Order{}
			}
			var err error
			if o, err = orders.Fold(o, e); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}
