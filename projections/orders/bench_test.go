package orders_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/orders"
)

// pairs returns the events of paid orders as callbacks cause them.
func pairs(tb testing.TB, count int) []eventstore.Recorded {
	tb.Helper()
	occurred := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	amount := usd("12.53")
	var recorded []eventstore.Recorded
	for i := range count {
		id := fmt.Sprintf("%08X", i*2654435761%(1<<32))
		identity := ident.NewPayment("coinbase", "order", id)
		user := fmt.Sprintf("user-%d", i%10_000)
		for revision, event := range []order.Event{
			order.PaymentReceived{
				Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
				Details: &order.Details{ReceiveAddress: "mzVXZfqeRHSf3kUr4uMqvLhVzLbJqKeGkA"},
			},
			order.PaymentVerified{
				Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
				Evidence: []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}},
			},
		} {
			data, err := codec.Encode(event)
			if err != nil {
				tb.Fatal(err)
			}
			recorded = append(recorded, eventstore.Recorded{
				Event:  eventstore.Event{Type: event.EventType(), Schema: codec.Schema, Data: data},
				Stream: eventstore.StreamName(order.NewID("coinbase", id).Stream()), Revision: eventstore.Revision(revision),
				Position: eventstore.Position(2*i + revision + 1), RecordedAt: occurred.Add(time.Second),
			})
		}
	}
	return recorded
}

func apply(tb testing.TB, model projections.Projector, events []eventstore.Recorded) {
	tb.Helper()
	var from projections.Checkpoint
	for len(events) > 0 {
		n := min(projections.MaxBatch, len(events))
		to := projections.Checkpoint{LogID: "log", Position: events[n-1].Position, Fold: 1}
		if err := model.Apply(tb.Context(), from, to, events[:n]); err != nil {
			tb.Fatal(err)
		}
		from, events = to, events[n:]
	}
}

// BenchmarkFold folds pairs of PaymentReceived and PaymentVerified into an
// empty model, decoding included.
func BenchmarkFold(b *testing.B) {
	events := pairs(b, 50_000)
	b.ReportAllocs()
	for b.Loop() {
		apply(b, orders.NewMemory(), events)
	}
	b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMemory reports how much memory the model takes for each paid order.
func BenchmarkMemory(b *testing.B) {
	const count = 200_000
	events := pairs(b, count)
	for b.Loop() {
		model := orders.NewMemory()
		before := heap()
		apply(b, model, events)
		used := heap() - before
		b.ReportMetric(float64(used)/count, "B/order")
		runtime.KeepAlive(model)
		runtime.KeepAlive(events)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
