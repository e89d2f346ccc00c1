package projectiontest

import (
	"cmp"
	"fmt"
	"runtime"
	"testing"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/projections/follow"
)

// Paid returns the events of a paid order as one callback causes them. The
// order and its amount follow from its number, and so does the user, who is one
// of so many.
func Paid(number, users int) (eventstore.StreamName, []eventstore.Event, error) {
	id := fmt.Sprintf("%08X", uint32(number)*2654435761)
	stream := eventstore.StreamName(order.NewID("coinbase", id).Stream())
	identity, user := ident.NewPayment("coinbase", "order", id), fmt.Sprintf("user-%d", number*7919%users)
	amount, err := money.Parse("USD", fmt.Sprintf("%d.%02d", 1+number%500, number%100))
	if err != nil {
		return "", nil, err
	}
	bitcoin, err := money.Parse("BTC", fmt.Sprintf("0.%08d", 1000+number%10000))
	if err != nil {
		return "", nil, err
	}
	occurred := paidSince.Add(time.Duration(number) * time.Second)
	events, err := Encode(stream,
		order.PaymentReceived{
			Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
			Details: &order.Details{Bitcoin: &bitcoin, ReceiveAddress: "mzVXZfqeRHSf3kUr4uMqvLhVzLbJqKeGkA"},
		},
		order.PaymentVerified{
			Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
			Evidence: []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}},
		})
	return stream, events, err
}

var paidSince = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// Pairs returns a log of so many paid orders.
func Pairs(tb testing.TB, orders, users int) []eventstore.Recorded {
	tb.Helper()
	recorded := make([]eventstore.Recorded, 0, 2*orders)
	for i := range orders {
		stream, events, err := Paid(i, users)
		if err != nil {
			tb.Fatal(err)
		}
		for revision, event := range events {
			recorded = append(recorded, eventstore.Recorded{
				Event: event, Stream: stream, Revision: eventstore.Revision(revision),
				Position:   eventstore.Position(len(recorded) + 1),
				RecordedAt: paidSince.Add(time.Duration(i+1) * time.Second),
			})
		}
	}
	return recorded
}

// Apply applies what a log has after a model's checkpoint, in full batches.
func Apply(tb testing.TB, model follow.Projector, log []eventstore.Recorded) {
	tb.Helper()
	ApplyBatches(tb, model, log, follow.MaxBatch)
}

// ApplyBatches is Apply in batches of a size.
func ApplyBatches(tb testing.TB, model follow.Projector, log []eventstore.Recorded, size int) {
	tb.Helper()
	from, err := model.Load(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	for len(log) > 0 && log[0].Position <= from.Position {
		log = log[1:]
	}
	for len(log) > 0 {
		n := min(size, len(log))
		to := behind(model, log[:n])
		to.LogID = cmp.Or(from.LogID, LogID)
		if err := model.Apply(tb.Context(), from, to, log[:n]); err != nil {
			tb.Fatalf("apply %d events after position %s: %v", n, from.Position, err)
		}
		from, log = to, log[n:]
	}
	if stored, err := model.Load(tb.Context()); err != nil || stored != from {
		tb.Fatalf("stored checkpoint is %+v, want %+v; error %v", stored, from, err)
	}
}

// Heap returns the memory that is in use.
func Heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
