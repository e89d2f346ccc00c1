package local_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	log := projectiontest.NewLog(t)
	service := recorder.New(log, recorder.Policy{})
	amount, err := money.Parse("USD", "12.53")
	if err != nil {
		t.Fatal(err)
	}
	const hash = "4A5E1E4BAAB89F3A32518A88C31BC87F618F76673E2CC77AB2127B7AFDEDA33B"
	pay := func(id, user string, mispayments ...order.Mispayment) string {
		request := eventstore.NewULID(time.Now())
		report := order.Report{Payment: ident.NewPayment("coinbase", "order", id), Mispayments: mispayments, Paid: &order.Claim{
			Custom: user, Amount: amount, Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"},
			Details: order.Details{Reference: "ref-" + id, UUID: "uuid-" + id, TransactionHash: hash, ReceiveAddress: "1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My"},
		}}
		if _, err := service.ReportOrder(t.Context(), order.NewID("coinbase", id), report, recorder.Delivery{ID: request, Actor: "callback:coinbase", Body: []byte(request)}); err != nil {
			t.Fatal(err)
		}
		return request
	}
	first := pay("A", "u1")
	pay("B", "u1", order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", "M/1"), Amount: amount})
	pay("C", "u2")
	repeated := pay("A", "u1") // a duplicate writes nothing

	m := open(t, t.TempDir(), log)
	projectiontest.Apply(t, m, projectiontest.Events(t, log))

	for text, want := range map[string]string{
		"u1":                                 "[order-coinbase.B order-coinbase.A]",
		"u2":                                 "[order-coinbase.C]",
		"ref-B":                              "[order-coinbase.B]",
		"uuid-C":                             "[order-coinbase.C]",
		"M/1":                                "[order-coinbase.B]",
		hash:                                 "[order-coinbase.C order-coinbase.B order-coinbase.A]",
		"0x" + hash:                          "[order-coinbase.C order-coinbase.B order-coinbase.A]",
		"1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My": "[order-coinbase.C order-coinbase.B order-coinbase.A]",
		"nothing":                            "[]",
	} {
		var streams []eventstore.StreamName
		for _, key := range local.KeysFor(text) {
			named, err := m.Named(t.Context(), log, key, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, event := range named {
				streams = append(streams, event.Stream)
			}
		}
		if got := fmt.Sprint(streams); got != want {
			t.Errorf("%s names %s, want %s", text, got, want)
		}
	}
	newest, err := m.Named(t.Context(), log, local.UserKey("u1"), 0, 1)
	if err != nil || len(newest) != 1 {
		t.Fatal(newest, err)
	}
	if older, err := m.Named(t.Context(), log, local.UserKey("u1"), newest[0].Position, 10); err != nil || len(older) != 1 {
		t.Errorf("before the newest: %v, %v", older, err)
	}
	for request, want := range map[string]string{first: "[order-coinbase.A]", repeated: "[]", eventstore.NewULID(time.Unix(1, 0)): "[]"} {
		caused, err := m.Caused(t.Context(), log, ulid.MustParse(request))
		streams := []eventstore.StreamName{}
		for _, event := range caused {
			streams = append(streams, event.Stream)
		}
		if err != nil || fmt.Sprint(streams) != want {
			t.Errorf("request %s wrote to %v, want %s, error %v", request, streams, want, err)
		}
	}
}

// TestNamedIsNotCutShort has orders whose first event does not name the user: the list of
// orders has the user among the keys of that event.
func TestNamedIsNotCutShort(t *testing.T) {
	t.Parallel()
	log := projectiontest.NewLog(t)
	amount, err := money.Parse("USD", "1.25")
	if err != nil {
		t.Fatal(err)
	}
	named := order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: amount}}
	for i := range 5 {
		log.Record(eventstore.StreamName(fmt.Sprintf("order-coinbase.%d", i)), order.OrderStatusReported{Status: "new"}, named)
	}
	m := open(t, t.TempDir(), log)
	projectiontest.ApplyBatches(t, m, projectiontest.Events(t, log), 1)
	for limit := 1; limit < 8; limit++ {
		found := 0
		for before, more := eventstore.Position(0), true; more; {
			events, err := m.Named(t.Context(), log, local.UserKey("u1"), before, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				found, before = found+1, e.Position
			}
			more = len(events) == limit
		}
		if found != 5 {
			t.Errorf("pages of %d have %d events, want 5", limit, found)
		}
	}
	if page, err := m.Orders(t.Context(), local.OrderQuery{User: "u1", Limit: 10}); err != nil || len(page.Orders) != 5 {
		t.Errorf("the list has %v, %v", page.Orders, err)
	}
}
