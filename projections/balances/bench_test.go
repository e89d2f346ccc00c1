package balances_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/balances"
)

// pairs returns the events of paid orders as callbacks cause them: received
// and verified, one pair for each order, spread over users.
func pairs(tb testing.TB, orders, users int) []eventstore.Recorded {
	tb.Helper()
	began := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	recorded := make([]eventstore.Recorded, 0, 2*orders)
	for i := range orders {
		id := fmt.Sprintf("%08X", i*2654435761%(1<<32))
		stream := eventstore.StreamName(order.NewID("coinbase", id).Stream())
		identity := ident.NewPayment("coinbase", "order", id)
		user := fmt.Sprintf("user-%d", i*7919%users)
		amount, err := money.Parse("USD", fmt.Sprintf("%d.%02d", 1+i%500, i%100))
		if err != nil {
			tb.Fatal(err)
		}
		bitcoin, err := money.Parse("BTC", fmt.Sprintf("0.%08d", 1000+i%10000))
		if err != nil {
			tb.Fatal(err)
		}
		occurred := began.Add(time.Duration(i) * time.Second)
		for revision, event := range []order.Event{
			order.PaymentReceived{
				Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
				Details: &order.Details{Bitcoin: &bitcoin, ReceiveAddress: "mzVXZfqeRHSf3kUr4uMqvLhVzLbJqKeGkA"},
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
				Event: eventstore.Event{
					ID:   eventstore.DeriveID(stream, []byte(id), eventstore.Revision(revision)),
					Type: event.EventType(), Schema: codec.Schema, Data: data,
				},
				Stream: stream, Revision: eventstore.Revision(revision),
				Position:   eventstore.Position(2*i + revision + 1),
				RecordedAt: occurred.Add(time.Second),
			})
		}
	}
	return recorded
}

// apply applies events in full batches.
func apply(tb testing.TB, model projections.Projector, events []eventstore.Recorded) {
	tb.Helper()
	from, err := model.Load(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
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
	for _, users := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			events := pairs(b, 200_000, users)
			b.ReportAllocs()
			for b.Loop() {
				apply(b, balances.NewMemory(), events)
			}
			b.ReportMetric(float64(b.N)*float64(len(events))/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkMemory reports how much memory the model takes for each entry.
func BenchmarkMemory(b *testing.B) {
	for _, shape := range []struct{ users, orders int }{{10_000, 10_000}, {10_000, 500_000}} {
		b.Run(fmt.Sprintf("users=%d/entries=%d", shape.users, shape.orders), func(b *testing.B) {
			events := pairs(b, shape.orders, shape.users)
			for b.Loop() {
				model := balances.NewMemory()
				before := heap()
				apply(b, model, events)
				used := heap() - before
				b.ReportMetric(float64(used)/float64(shape.orders), "B/entry")
				runtime.KeepAlive(model)
				runtime.KeepAlive(events)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
