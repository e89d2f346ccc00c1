package recorder_test

import (
	"bytes"
	"context"
	"iter"
	"testing"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

// accepting takes every append for the first of its stream, and keeps nothing.
type accepting struct{ eventstore.Store }

func (accepting) Read(context.Context, eventstore.StreamName, eventstore.Revision, ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(func(eventstore.Recorded, error) bool) {}
}

func (accepting) Append(_ context.Context, stream eventstore.StreamName, _ eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	return eventstore.Appended{Position: 1}, eventstore.Check(stream, events)
}

// BenchmarkDecideEncode takes a new, paid order from the command to the two
// events that are appended.
func BenchmarkDecideEncode(b *testing.B) {
	service := recorder.New(accepting{}, recorder.Policy{})
	dollars, err := money.Parse("USD", "12.53")
	if err != nil {
		b.Fatal(err)
	}
	bitcoin, err := money.Parse("BTC", "1")
	if err != nil {
		b.Fatal(err)
	}
	report := order.Report{
		Payment:    ident.NewPayment("coinbase", "order", "5RTQNACF"),
		OccurredAt: time.Unix(1_418_188_021, 0).UTC(),
		Paid: &order.Claim{
			Custom: "user1234", Amount: dollars,
			Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"},
			Details: order.Details{
				Reference: "user1234", Bitcoin: &bitcoin, ReceiveAddress: "1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My",
				TransactionHash: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
			},
		},
	}
	body := bytes.Repeat([]byte("body"), 225)
	d := recorder.Delivery{
		ID: "01JNAB0W5ZQ3V7Y2J9K4M6T8RD", Actor: "callback:coinbase", Format: "coinbase-v1",
		Received: time.Unix(1_772_366_400, 0), Source: "54.243.226.26", Body: body, Length: int64(len(body)),
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := service.ReportOrder(b.Context(), order.NewID("coinbase", "5RTQNACF"), report, d); err != nil {
			b.Fatal(err)
		}
	}
}
