package orders

import (
	"fmt"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
)

// recordedPair is what one callback records, at two moments.
func recordedPair(t *testing.T, id order.ID, first, second order.Event) []eventstore.Recorded {
	t.Helper()
	stream := eventstore.StreamName(id.Stream())
	var recorded []eventstore.Recorded
	for i, event := range []order.Event{first, second} {
		data, err := codec.Encode(event)
		if err != nil {
			t.Fatal(err)
		}
		recorded = append(recorded, eventstore.Recorded{
			Event:  eventstore.Event{Type: event.EventType(), Schema: 1, Data: data},
			Stream: stream, Revision: eventstore.Revision(i), Position: eventstore.Position(100 + i),
			RecordedAt: time.Date(2024, 5, 1, 12, 0, i, 123456000*i, time.FixedZone("", 3600)),
		})
	}
	return recorded
}

// The text of an order that is paid is that of the same events folded one by
// one, and no other order is taken for one.
func TestPaidOrdersAreWrittenAsTheyAreFolded(t *testing.T) {
	amount := func(currency money.Currency, text string) money.Amount {
		a, err := money.Parse(currency, text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	at := time.Date(2012, 12, 10, 5, 23, 41, 123456789, time.FixedZone("", -8*3600))
	received := order.PaymentReceived{Payment: "coinbase/order/A", User: "u1", Amount: amount("USD", "12.53"), OccurredAt: at}
	verified := order.PaymentVerified{
		Payment: received.Payment, User: received.User, Amount: received.Amount, OccurredAt: at.UTC(),
		Evidence: []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}},
	}
	with := func(change func(*order.PaymentReceived, *order.PaymentVerified)) [2]order.Event {
		r, v := received, verified
		change(&r, &v)
		return [2]order.Event{r, v}
	}
	both := func(payment ident.Payment, user string, amount money.Amount, at time.Time) [2]order.Event {
		return with(func(r *order.PaymentReceived, v *order.PaymentVerified) {
			r.Payment, r.User, r.Amount, r.OccurredAt = payment, user, amount, at
			v.Payment, v.User, v.Amount, v.OccurredAt = payment, user, amount, at
		})
	}
	for _, test := range []struct {
		name   string
		events [2]order.Event
		isPaid bool
	}{
		{"as nearly all are", [2]order.Event{received, verified}, true},
		{"without a time", both("coinbase/order/A", "u1", received.Amount, time.Time{}), true},
		{"of nobody", both("coinbase/order/A", "", received.Amount, at), true},
		{"of a name in JSON", both("coinbase/order/A", "a/b{}[],:", received.Amount, at), true},
		{"of nothing", both("coinbase/order/A", "u1", amount("JPY", "0"), at), true},
		{"of a debt", both("coinbase/order/A", "u1", amount("ETH", "-0.000000000000000001"), at), true},
		{"of very much", both("coinbase/order/A", "u1", amount("USD", "9999999999999999999999999999.99"), at), true},
		{"with details", with(func(r *order.PaymentReceived, _ *order.PaymentVerified) {
			r.Details = &order.Details{ReceiveAddress: "mzVXZfqeRHSf3kUr4uMqvLhVzLbJqKeGkA"}
		}), true},
		{"without an identity", both("", "u1", received.Amount, at), false},
		{"of a name that is escaped", both("coinbase/order/A", "Zoë \"\\", received.Amount, at), false},
		{"of another amount", with(func(r *order.PaymentReceived, _ *order.PaymentVerified) { r.Amount = amount("USD", "12.54") }), false},
		{"of another user", with(func(_ *order.PaymentReceived, v *order.PaymentVerified) { v.User = "u2" }), false},
		{"of another payment", with(func(_ *order.PaymentReceived, v *order.PaymentVerified) { v.Payment = "coinbase/order/B" }), false},
		{"at another time", with(func(_ *order.PaymentReceived, v *order.PaymentVerified) { v.OccurredAt = at.Add(1) }), false},
		{"that closes a hold", with(func(_ *order.PaymentReceived, v *order.PaymentVerified) {
			v.Closes = []payment.ClosedHold{{Hold: "h"}}
		}), false},
		{"that was only received", [2]order.Event{received, received}, false},
		{"that was refuted", [2]order.Event{received, order.PaymentRefuted{Payment: received.Payment, User: "u1", Amount: received.Amount, OccurredAt: at}}, false},
	} {
		for _, id := range []order.ID{"coinbase.A", "site.a%2Fb"} {
			t.Run(fmt.Sprint(test.name, " ", id), func(t *testing.T) {
				events := recordedPair(t, id, test.events[0], test.events[1])
				o, isPaid := asPaid(events)
				if isPaid != test.isPaid {
					t.Fatalf("is it paid and nothing else? %t", isPaid)
				}
				if !isPaid {
					return
				}
				var folded Order
				for _, event := range events {
					event.RecordedAt = event.RecordedAt.UTC()
					var err error
					if folded, err = Fold(folded, event); err != nil {
						t.Fatal(err)
					}
				}
				want, err := appendOrder(nil, inUTC(folded))
				if err != nil {
					t.Fatal(err)
				}
				if got := o.append(nil, new(clocks)); string(got) != string(want) {
					t.Errorf("\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
	events := recordedPair(t, "coinbase.A", received, verified)
	later := []eventstore.Recorded{events[1], events[1]}
	later[0].Revision, later[1].Revision = 1, 2
	for name, events := range map[string][]eventstore.Recorded{
		"the first alone": events[:1], "the second alone": events[1:], "none": nil,
		"later ones": later, "three": append(events[:2:2], events[1]),
	} {
		if _, isPaid := asPaid(events); isPaid {
			t.Errorf("%s are an order that is paid", name)
		}
	}
}

// inUTC is the order as Redis has it: times that the codec decodes have the
// sender's zone, and those that are read from the head are in UTC.
func inUTC(o Order) *Order {
	o.OccurredAt = o.OccurredAt.UTC()
	for i := range o.Payments {
		o.Payments[i].OccurredAt = o.Payments[i].OccurredAt.UTC()
	}
	return &o
}

// What comes to an order that was paid is put on what its text says.
func TestWhatComesToAPaidOrderIsPutOnIt(t *testing.T) {
	amount, err := money.Parse("USD", "12.53")
	if err != nil {
		t.Fatal(err)
	}
	const id = order.ID("coinbase.A")
	events := recordedPair(t, id,
		order.PaymentReceived{Payment: "coinbase/order/A", User: "u1", Amount: amount},
		order.PaymentVerified{Payment: "coinbase/order/A", User: "u1", Amount: amount})
	refund := recordedPair(t, id, order.PaymentRefunded{Payment: "coinbase/order/A", Refund: "r", User: "u1", Amount: amount}, order.OrderExpired{})
	for i := range refund {
		refund[i].Revision, refund[i].Position = refund[i].Revision+2, refund[i].Position+2
	}
	var want Order
	for _, event := range append(events[:2:2], refund...) {
		event.RecordedAt = event.RecordedAt.UTC()
		if want, err = Fold(want, event); err != nil {
			t.Fatal(err)
		}
	}
	wanted, err := appendOrder(nil, &want)
	if err != nil {
		t.Fatal(err)
	}
	for name, cut := range map[string]bool{"in the same window": false, "in the next": true} {
		t.Run(name, func(t *testing.T) {
			f := &filling{Redis: NewRedis(nil, redismodel.Filling(1))}
			f.Begin()
			fold := func(events []eventstore.Recorded) {
				t.Helper()
				if _, err := f.Fold(t.Context(), follow.Checkpoint{}, follow.Checkpoint{}, events); err != nil {
					t.Fatal(err)
				}
			}
			fold(events)
			if f.making.orders[0].state != nil {
				t.Fatal("a paid order is not kept as its text")
			}
			if cut {
				f.Cut()
			}
			fold(refund)
			got, err := appendOrder(nil, f.making.orders[0].state)
			if err != nil || string(got) != string(wanted) {
				t.Errorf("\n%s, error %v, want\n%s", got, err, wanted)
			}
			if cut && f.cut.orders[0].state != nil {
				t.Error("what is being written was changed")
			}
		})
	}
}
