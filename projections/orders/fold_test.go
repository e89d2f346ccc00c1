package orders_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/codec"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/projections/orders"
)

const (
	paid    = "coinbase/order/A"
	mispaid = "coinbase/mispayment/M"
)

func usd(text string) money.Amount {
	amount, err := money.Parse("USD", text)
	if err != nil {
		panic(err)
	}
	return amount
}

var (
	received = order.PaymentReceived{Payment: paid, User: "u1", Amount: usd("5")}
	verified = order.PaymentVerified{Payment: paid, User: "u1", Amount: usd("5")}
	wrong    = order.PaymentMispaid{Payment: mispaid, User: "u1", Amount: usd("2")}
	odd      = order.PaymentHeld{Hold: "h1", Payment: paid, User: "u2", Amount: usd("7").Optional(), Contradiction: true, Reason: payment.Contradiction}
	nobodys  = order.PaymentHeld{Hold: "h2", Payment: paid, Amount: usd("5").Optional(), Arrived: true, Reason: payment.NoUser}
	sentBack = order.PaymentRefunded{Payment: paid, Refund: "r1", User: "u1", Amount: usd("5")}
	part     = order.PaymentRefunded{Payment: paid, Refund: "r1", User: "u1", Amount: usd("3")}
)

// recorded returns events of one order, at 12:00:00 and each second after.
func recorded(t *testing.T, events ...order.Event) []eventstore.Recorded {
	t.Helper()
	var all []eventstore.Recorded
	for i, event := range events {
		data, err := codec.Encode(event)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, eventstore.Recorded{
			Event:  eventstore.Event{Type: event.EventType(), Schema: 1, Data: data},
			Stream: "order-coinbase.A", Revision: eventstore.Revision(i), Position: eventstore.Position(10 + i),
			RecordedAt: time.Date(2024, 5, 1, 12, 0, i, 0, time.UTC),
		})
	}
	return all
}

// fold puts events on an order.
func fold(t *testing.T, events ...order.Event) orders.Order {
	t.Helper()
	var o orders.Order
	for _, event := range recorded(t, events...) {
		var err error
		if o, err = orders.Fold(o, event); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func TestStatus(t *testing.T) {
	for name, test := range map[string]struct {
		given []order.Event
		want  orders.Status
	}{
		"announced":                              {[]order.Event{order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: usd("5"), For: order.ForBalance}}}, orders.Registered},
		"reported as new":                        {[]order.Event{order.OrderStatusReported{Status: "new"}}, orders.Reported},
		"announced and expired":                  {[]order.Event{order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: usd("5"), For: order.ForBalance}}, order.OrderExpired{}}, orders.Expired},
		"received":                               {[]order.Event{received}, orders.Pending},
		"received and refuted":                   {[]order.Event{received, order.PaymentRefuted{Payment: paid, User: "u1", Amount: usd("5")}}, orders.Refuted},
		"verified":                               {[]order.Event{received, verified}, orders.Paid},
		"verified, then expired":                 {[]order.Event{received, verified, order.OrderExpired{}}, orders.Paid},
		"verified, then reported as canceled":    {[]order.Event{received, verified, order.OrderStatusReported{Status: "canceled"}}, orders.Paid},
		"verified, then refuted":                 {[]order.Event{received, verified, order.PaymentRefuted{Payment: paid, User: "u1", Amount: usd("5")}}, orders.Paid},
		"verified, then contradicted":            {[]order.Event{received, verified, odd}, orders.Paid},
		"received, then contradicted":            {[]order.Event{received, odd}, orders.Held},
		"held":                                   {[]order.Event{nobodys}, orders.Held},
		"held, then released":                    {[]order.Event{nobodys, order.PaymentReleased{Hold: "h2", Payment: paid, User: "u1", Amount: usd("5")}}, orders.Paid},
		"held, then verified":                    {[]order.Event{nobodys, received, verified}, orders.Paid},
		"received, then less than registered":    {[]order.Event{received, order.PaymentMispaid{Payment: paid, User: "u1", Amount: usd("5"), Reason: payment.Underpaid}}, orders.Mispaid},
		"mispaid":                                {[]order.Event{wrong}, orders.Mispaid},
		"mispaid and credited":                   {[]order.Event{wrong, order.MispaymentCredited{Payment: mispaid, User: "u1", Amount: usd("2")}}, orders.Mispaid},
		"mispaid, then verified":                 {[]order.Event{wrong, received, verified}, orders.Paid},
		"verified, then mispaid":                 {[]order.Event{received, verified, wrong}, orders.Paid},
		"verified, all of it sent back":          {[]order.Event{received, verified, sentBack}, orders.Refunded},
		"verified, part of it sent back":         {[]order.Event{received, verified, part}, orders.Paid},
		"verified, sent back in two parts":       {[]order.Event{received, verified, part, part}, orders.Refunded},
		"corrected to more, the first sent back": {[]order.Event{received, verified, odd, order.PaymentReleased{Hold: "h1", Payment: paid, User: "u1", Amount: usd("2"), Contradiction: true}, sentBack}, orders.Paid},
		"corrected to nothing is not sent back":  {[]order.Event{received, verified, odd, order.PaymentReleased{Hold: "h1", Payment: paid, User: "u1", Amount: usd("-5"), Contradiction: true}}, orders.Paid},
		"released before it was verified":        {[]order.Event{received, odd, order.PaymentReleased{Hold: "h1", Payment: paid, User: "u2", Amount: usd("7"), Contradiction: true}}, orders.Paid},
	} {
		if got := fold(t, test.given...).Status; got != test.want {
			t.Errorf("%s is %s, want %s", name, got, test.want)
		}
	}
}

func TestHoldsAreOpenOnes(t *testing.T) {
	noAmount := order.PaymentHeld{Hold: "h3", Payment: mispaid, Reason: payment.MispaymentNoAmount}
	for name, test := range map[string]struct {
		given []order.Event
		want  string
	}{
		"held twice":                                     {[]order.Event{nobodys, odd}, "h2 h1"},
		"a credit closes what it names":                  {[]order.Event{nobodys, received, order.PaymentVerified{Payment: "coinbase/order/B", User: "u1", Amount: usd("5"), Closes: []payment.ClosedHold{{Hold: "h2"}}}}, ""},
		"a credit settles holds of its payment":          {[]order.Event{nobodys, noAmount, received, verified}, "h3"},
		"a contradiction outlives a credit":              {[]order.Event{received, odd, verified}, "h1"},
		"a release closes its hold":                      {[]order.Event{nobodys, odd, order.PaymentReleased{Hold: "h2", Payment: paid, User: "u1", Amount: usd("5")}}, "h1"},
		"a mispayment settles holds of itself":           {[]order.Event{noAmount, nobodys, wrong}, "h2"},
		"a release of a mispayment's hold is no payment": {[]order.Event{noAmount, order.PaymentReleased{Hold: "h3", Payment: mispaid, User: "u1", Amount: usd("2")}}, ""},
	} {
		var got []string
		o := fold(t, test.given...)
		for _, hold := range o.Holds {
			got = append(got, hold.Hold)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: open are %v, want %s", name, got, test.want)
		}
	}
	o := fold(t, noAmount, order.PaymentReleased{Hold: "h3", Payment: mispaid, User: "u1", Amount: usd("2")})
	if len(o.Payments) != 0 || fmt.Sprint(o.Mispayments[0].Status) != "credited" || o.Status != orders.Mispaid {
		t.Errorf("released mispayment: %+v", o)
	}
}

func TestFoldLeavesWhatItIsGiven(t *testing.T) {
	events := []order.Event{
		order.OrderStatusReported{Status: "new"}, nobodys, odd, received, wrong, verified, part, part,
		order.MispaymentDismissed{Payment: mispaid, Amount: usd("2")}, order.OrderStatusReported{Status: "expired"},
	}
	for n := range len(events) {
		given := fold(t, events[:n]...)
		before := describe(t, given)
		for _, event := range recorded(t, events...) {
			if _, err := orders.Fold(given, event); err != nil {
				t.Fatal(err)
			}
		}
		if after := describe(t, given); after != before {
			t.Fatalf("after %d events the order was\n%s\nand is\n%s", n, before, after)
		}
	}
}

// The JSON is what GET /orders/{id} answers.
func TestJSON(t *testing.T) {
	o := fold(t, order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: usd("5"), For: order.ForSale}}, received, verified, wrong, odd, part)
	o.Position = 99
	want := `{"id":"coinbase.A","status":"paid","registered":true,"expired":false,"user":"u1","amount":{"currency":"USD","amount":"5.00"},"for":"sale",` +
		`"payments":[{"payment":"coinbase/order/A","user":"u1","amount":{"currency":"USD","amount":"5.00"},"status":"verified","recorded_at":"2024-05-01T12:00:01Z",` +
		`"adjustments":[{"type":"refunded","id":"r1","user":"u1","amount":{"currency":"USD","amount":"-3.00"},"recorded_at":"2024-05-01T12:00:05Z"}]}],` +
		`"mispayments":[{"payment":"coinbase/mispayment/M","user":"u1","amount":{"currency":"USD","amount":"2.00"},"status":"open","recorded_at":"2024-05-01T12:00:03Z"}],` +
		`"holds":[{"hold":"h1","payment":"coinbase/order/A","user":"u2","amount":{"currency":"USD","amount":"7.00"},"reason":"contradiction","arrived":false,"contradiction":true,"recorded_at":"2024-05-01T12:00:04Z"}],` +
		`"reported_statuses":[],"revision":5,"changed":"15","recorded_at":"2024-05-01T12:00:05Z","position":"99"}`
	if got := describe(t, o); got != want {
		t.Errorf("JSON is\n%s\nwant\n%s", got, want)
	}
}

func describe(t *testing.T, o orders.Order) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
