package orders_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/orders"
)

const (
	paid    = "coinbase/order/A"
	mispaid = "coinbase/mispayment/M"
)

// decision is one of a person about an item of a payment.
func decision(id, item string, payment ident.Payment, verb review.Verb) review.Decision {
	return review.Decision{ID: id, Item: item, Payment: payment, By: "operator:alice", Asked: review.Asked{Decision: verb, Note: "n"}}
}

// released credits a hold of the payment.
func released(item, user, amount string) order.PaymentReleased {
	return order.PaymentReleased{Decision: decision("d-"+item, item, paid, review.Credit), User: user, Amount: usd(amount)}
}

// refunded sends back what user u1 has, as the provider reports it.
func refunded(report, amount string) order.PaymentRefunded {
	return order.PaymentRefunded{
		Payment: paid, Report: ident.Payment("coinbase/order/A/refund/" + report), Amount: usd(amount),
		From: []review.Line{{Account: "liabilities:users:u1", Amount: usd(amount)}},
	}
}

func usd(text string) money.Amount {
	amount, err := money.Parse("USD", text)
	if err != nil {
		panic(err)
	}
	return amount
}

var (
	sale     = order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: usd("5"), For: order.ForSale}}
	received = order.PaymentReceived{Payment: paid, User: "u1", Amount: usd("5")}
	verified = order.PaymentVerified{Payment: paid, User: "u1", Amount: usd("5")}
	wrong    = order.PaymentMispaid{Mispayment: "m", Payment: mispaid, User: "u1", Amount: usd("2")}
	odd      = order.PaymentHeld{Hold: "h1", Payment: paid, User: "u2", Amount: usd("7").Optional(), Contradiction: true, Reason: payment.Contradiction}
	unread   = order.PaymentHeld{Hold: "h4", Payment: paid, Reason: payment.UnreadableAmount}
	credited = order.MispaymentCredited{Decision: decision("d-m", "m", mispaid, review.Credit), User: "u2", Amount: usd("2")}
	above    = order.RefundHeld{Hold: "h5", Payment: paid, Report: "coinbase/order/A/refund/r9", Amount: usd("1").Optional(), Posted: true, Reason: payment.RefundAbove}
	nobodys  = order.PaymentHeld{Hold: "h2", Payment: paid, Amount: usd("5").Optional(), Arrived: true, Reason: payment.NoUser}
	sentBack = refunded("r1", "5")
	part     = refunded("r1", "3")
	rest     = refunded("r2", "2")
)

// A refund of the hold h2.
var (
	intended = order.RefundDecided{
		Refund: "r4", Item: "h2", Asked: &review.Asked{Decision: review.Refund, Note: "n"}, Payment: paid, Amount: usd("5"), By: "operator:alice", Note: "n",
	}
	withdrawn = order.RefundWithdrawn{Refund: "r4", Item: "h2", Payment: paid, Amount: usd("5"), By: "operator:bob"}
	sent      = order.PaymentRefunded{
		Payment: paid, Refund: "r4", Item: "h2", Amount: usd("5"), From: []review.Line{{Account: "liabilities:suspense:h2", Amount: usd("5")}},
		Reference: "0xab", By: "operator:bob",
	}
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
		"held, then released":                    {[]order.Event{nobodys, released("h2", "u1", "5")}, orders.Paid},
		"a sale, held, then credited":            {[]order.Event{sale, nobodys, released("h2", "u1", "5")}, orders.Mispaid},
		"a second transfer is credited":          {[]order.Event{order.PaymentReleased{Decision: decision("d", "h", "checkout/A/0xab", review.Credit), User: "u1", Amount: usd("5")}}, orders.Mispaid},
		"held, then verified":                    {[]order.Event{nobodys, received, verified}, orders.Paid},
		"received, then less than registered":    {[]order.Event{received, order.PaymentMispaid{Payment: paid, User: "u1", Amount: usd("5"), Reason: payment.Underpaid}}, orders.Mispaid},
		"mispaid":                                {[]order.Event{wrong}, orders.Mispaid},
		"mispaid and credited":                   {[]order.Event{wrong, credited}, orders.Mispaid},
		"mispaid and completed":                  {[]order.Event{wrong, order.OrderCompleted{Decision: decision("d", "m", mispaid, review.Complete), User: "u1", Amount: usd("2"), Sold: usd("5"), Short: usd("3").Optional()}}, orders.Paid},
		"held, then dismissed as the website's":  {[]order.Event{nobodys, order.PaymentDismissed{Decision: decision("d", "h2", paid, review.Dismiss), Arrived: usd("5").Optional()}}, orders.Mispaid},
		"held, then dismissed as nothing":        {[]order.Event{nobodys, order.PaymentDismissed{Decision: decision("d", "h2", paid, review.Dismiss)}}, orders.Refuted},
		"held without an amount, then dismissed": {[]order.Event{unread, order.PaymentDismissed{Decision: decision("d", "h4", paid, review.Dismiss)}}, orders.Refuted},
		"a contradiction is dismissed":           {[]order.Event{received, verified, odd, order.PaymentDismissed{Decision: decision("d", "h1", paid, review.Dismiss)}}, orders.Paid},
		"held, and a refund is decided":          {[]order.Event{nobodys, intended}, orders.Held},
		"held, and sent back":                    {[]order.Event{nobodys, intended, sent}, orders.Refunded},
		"held, and its refund is withdrawn":      {[]order.Event{nobodys, intended, withdrawn}, orders.Held},
		"a refund is above what came":            {[]order.Event{received, verified, sentBack, above}, orders.Refunded},
		"a refund is above what came, alone":     {[]order.Event{above}, orders.Held},
		"mispaid, then verified":                 {[]order.Event{wrong, received, verified}, orders.Paid},
		"verified, then mispaid":                 {[]order.Event{received, verified, wrong}, orders.Paid},
		"verified, all of it sent back":          {[]order.Event{received, verified, sentBack}, orders.Refunded},
		"verified, part of it sent back":         {[]order.Event{received, verified, part}, orders.Paid},
		"verified, sent back in two parts":       {[]order.Event{received, verified, part, rest}, orders.Refunded},
		"corrected, and the first sent back":     {[]order.Event{received, verified, odd, released("h1", "u2", "7"), sentBack}, orders.Paid},
		"released before it was verified":        {[]order.Event{received, odd, released("h1", "u2", "7")}, orders.Paid},
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
		"a release closes its hold":                      {[]order.Event{nobodys, odd, released("h2", "u1", "5")}, "h1"},
		"a mispayment settles holds of itself":           {[]order.Event{noAmount, nobodys, wrong}, "h2"},
		"a release of a mispayment's hold is no payment": {[]order.Event{noAmount, order.PaymentReleased{Decision: decision("d", "h3", mispaid, review.Credit), User: "u1", Amount: usd("2")}}, ""},
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
	o := fold(t, noAmount, order.PaymentReleased{Decision: decision("d", "h3", mispaid, review.Credit), User: "u1", Amount: usd("2")})
	if len(o.Payments) != 0 || fmt.Sprint(o.Mispayments[0].Status) != "credited" || o.Status != orders.Mispaid {
		t.Errorf("released mispayment: %+v", o)
	}
}

func TestFoldLeavesWhatItIsGiven(t *testing.T) {
	events := []order.Event{
		order.OrderStatusReported{Status: "new"}, nobodys, odd, received, wrong, verified, part, above, released("h1", "u2", "7"),
		order.DecisionReversed{Reversal: review.Reversal{Item: "h1", Reverses: "d-h1", Payment: paid, By: "operator:bob", Note: "wrong"}},
		order.RefundDecided{Refund: "r3", Item: "m", Asked: &review.Asked{Decision: review.Refund, Note: "n"}, Payment: mispaid, Amount: usd("2"), By: "operator:alice", Note: "n"},
		order.RefundWithdrawn{Refund: "r3", Item: "m", Payment: mispaid, Amount: usd("2"), By: "operator:bob"}, credited, rest, order.OrderStatusReported{Status: "expired"},
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
	o := fold(t, order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: usd("5"), For: order.ForSale}}, received, verified, wrong, odd, part, credited)
	o.Position = 99
	want := `{"id":"coinbase.A","status":"paid","registered":true,"expired":false,"user":"u1","amount":{"currency":"USD","amount":"5.00"},"for":"sale",` +
		`"payments":[{"payment":"coinbase/order/A","user":"u1","amount":{"currency":"USD","amount":"5.00"},"status":"verified","recorded_at":"2024-05-01T12:00:01Z",` +
		`"adjustments":[{"type":"refunded","id":"coinbase/order/A/refund/r1","user":"u1","amount":{"currency":"USD","amount":"-3.00"},"recorded_at":"2024-05-01T12:00:05Z"}]}],` +
		`"mispayments":[{"mispayment":"m","payment":"coinbase/mispayment/M","user":"u2","amount":{"currency":"USD","amount":"2.00"},"status":"credited","recorded_at":"2024-05-01T12:00:03Z","decision":"d-m"}],` +
		`"holds":[{"hold":"h1","payment":"coinbase/order/A","user":"u2","amount":{"currency":"USD","amount":"7.00"},"reason":"contradiction","arrived":false,"contradiction":true,"recorded_at":"2024-05-01T12:00:04Z"}],` +
		`"decisions":[{"id":"d-m","item":"m","decision":"credit","payment":"coinbase/mispayment/M","user":"u2","amount":{"currency":"USD","amount":"2.00"},"round":0,"by":"operator:alice","note":"n","recorded_at":"2024-05-01T12:00:06Z",` +
		`"replaces":{"mispayment":{"mispayment":"m","payment":"coinbase/mispayment/M","user":"u1","amount":{"currency":"USD","amount":"2.00"},"status":"open","recorded_at":"2024-05-01T12:00:03Z"}}}],` +
		`"refunds":[{"id":"coinbase/order/A/refund/r1","payment":"coinbase/order/A","amount":{"currency":"USD","amount":"3.00"},"status":"sent","failed":false,"report":"coinbase/order/A/refund/r1","recorded_at":"2024-05-01T12:00:05Z"}],` +
		`"reported_statuses":[],"revision":6,"changed":"16","recorded_at":"2024-05-01T12:00:06Z","position":"99"}`
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
