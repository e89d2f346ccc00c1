package local_test

import (
	"testing"

	"golang.org/x/sync/errgroup"

	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/projectiontest"
)

// BenchmarkFold folds pairs of PaymentReceived and PaymentVerified into an empty file,
// decoding included.
func BenchmarkFold(b *testing.B) {
	events := projectiontest.Pairs(b, 100_000, 20_000)
	for b.Loop() {
		projectiontest.Apply(b, open(b, b.TempDir(), projectiontest.Slice{}), events)
	}
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkFoldRegistered folds orders that were registered long before they were paid:
// each payment reads the order's stream.
func BenchmarkFoldRegistered(b *testing.B) {
	log := projectiontest.NewLog(b)
	const count = 5_000
	for _, part := range []int{0, 1} {
		var writers errgroup.Group
		writers.SetLimit(64)
		for i := range count {
			writers.Go(func() error { return appendPart(b, log, i, part) })
		}
		if err := writers.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	events := projectiontest.Events(b, log)
	for b.Loop() {
		projectiontest.Apply(b, open(b, b.TempDir(), log), events)
	}
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}

// appendPart registers an order, or then pays it.
func appendPart(b *testing.B, log eventstore.Store, number, part int) error {
	stream, events, err := projectiontest.Paid(number, 1000)
	if err != nil {
		return err
	}
	expected := eventstore.At(0)
	if part == 0 {
		expected = eventstore.NoStream
		amount, err := money.Parse("USD", "1.25")
		if err != nil {
			return err
		}
		if events, err = projectiontest.Encode(stream, order.OrderRegistered{Terms: order.Terms{User: "u", Amount: amount}}); err != nil {
			return err
		}
	}
	_, err = log.Append(b.Context(), stream, expected, events...)
	return err
}
