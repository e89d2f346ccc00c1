package order_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
)

const (
	callback = "coinbase-callback"
	own      = ident.Payment("coinbase/order/5RTQNACF")
	abc      = ident.Payment("coinbase/mispayment/ABC123")
	def      = ident.Payment("coinbase/mispayment/DEF456")
)

var (
	ten      = amount("USD", "10.00")
	eleven   = amount("USD", "11.00")
	euros    = amount("EUR", "10.00")
	minus    = amount("USD", "-10.00")
	bitcoin  = amount("BTC", "0.01000000")
	evidence = payment.Evidence{Method: callback, Status: "completed"}
	at       = time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC)
	later    = at.Add(time.Minute)
)

// report builds a command. Without options it says nothing.
func report(options ...func(*order.Report)) order.Report {
	r := order.Report{
		Payment: own, OccurredAt: at,
		Policy:  order.Policy{Sufficient: []string{callback}},
		EventID: func(index int) string { return fmt.Sprintf("event-%d", index) },
	}
	for _, option := range options {
		option(&r)
	}
	return r
}

func paid(c order.Claim) func(*order.Report) {
	if c.Evidence == (payment.Evidence{}) {
		c.Evidence = evidence
	}
	return func(r *order.Report) { r.Paid = &c }
}

func status(word string) func(*order.Report) {
	return func(r *order.Report) { r.Status = word }
}

func mispaid(mispayments ...order.Mispayment) func(*order.Report) {
	return func(r *order.Report) { r.Mispayments = mispayments }
}

func holdUnregistered(r *order.Report) { r.Policy.HoldUnregistered = true }

// Events as they are expected most often.
var (
	received   = order.PaymentReceived{Payment: own, User: "u1", Amount: ten, OccurredAt: at}
	verified   = order.PaymentVerified{Payment: own, User: "u1", Amount: ten, OccurredAt: at, Evidence: []payment.Evidence{evidence}}
	nobody     = order.PaymentHeld{Hold: "event-0", Payment: own, Amount: &ten, Arrived: true, Reason: payment.NoUser, OccurredAt: at}
	unusable   = order.PaymentHeld{Hold: "event-0", Payment: own, Amount: &ten, Arrived: true, Reason: payment.UnusableUser, OccurredAt: at}
	unreadable = order.PaymentHeld{Hold: "event-0", Payment: own, User: "u1", Reason: payment.UnreadableAmount, OccurredAt: at}
	doubtful   = order.PaymentHeld{Hold: "event-0", Payment: own, User: "u1", Amount: &ten, Reason: payment.StatusDisagrees, OccurredAt: at}
	registered = order.OrderRegistered{Terms: order.Terms{User: "shopper", Amount: ten, For: order.ForBalance}}
	refuted    = order.PaymentRefuted{Payment: own, User: "u1", Amount: ten}
	firstABC   = order.PaymentMispaid{Mispayment: "event-0", Payment: abc, User: "u1", Amount: ten, OccurredAt: later}
	firstDEF   = order.PaymentMispaid{Mispayment: "event-0", Payment: def, User: "u1", Amount: eleven, OccurredAt: later}
	missingABC = order.PaymentHeld{Hold: "event-0", Payment: abc, Reason: payment.MispaymentMissing}
)

// settling returns a mispayment whose event closes a hold of it.
func settling(e order.PaymentMispaid, hold string) order.PaymentMispaid {
	e.Closes = []payment.ClosedHold{{Hold: hold}}
	return e
}

// nth returns a mispayment as the event of its report with an index.
func nth(index int, e order.PaymentMispaid) order.PaymentMispaid {
	e.Mispayment = fmt.Sprint("event-", index)
	return e
}

// Claims and mispayments as they are reported most often.
var (
	completed = order.Claim{Custom: "u1", Amount: ten}
	noCustom  = order.Claim{CustomFault: payment.NoUser, Amount: ten}
	badCustom = order.Claim{CustomFault: payment.UnusableUser, Amount: ten}
	noAmount  = order.Claim{Custom: "u1"}
	inDoubt   = order.Claim{Custom: "u1", Amount: ten, Doubt: payment.StatusDisagrees}
	hearsay   = order.Claim{Custom: "u1", Amount: ten, Evidence: payment.Evidence{Method: "website", Status: "paid"}}
	abcPaid   = order.Mispayment{Payment: abc, Custom: "u1", Amount: ten, OccurredAt: later}
	defPaid   = order.Mispayment{Payment: def, Custom: "u1", Amount: eleven, OccurredAt: later}
	abcGone   = order.Mispayment{Payment: abc, Custom: "u1", Missing: true, Digest: "empty"}
	noID      = order.Mispayment{Digest: "d1", Custom: "u1", Amount: ten, OccurredAt: later}
)

func contradiction(p ident.Payment, user string, e order.PaymentHeld) order.PaymentHeld {
	e.Hold, e.Payment, e.User = "event-0", p, user
	e.Contradiction, e.Reason = true, payment.Contradiction
	return e
}

func closing(e order.PaymentVerified, holds ...payment.ClosedHold) order.PaymentVerified {
	e.Closes = holds
	return e
}

func TestDecide(t *testing.T) {
	for _, test := range []struct {
		name  string
		given []order.Event
		when  order.Report
		then  []order.Event
	}{
		{"a completed order is credited", nil, report(paid(completed)), []order.Event{received, verified}},
		{"completed again is nothing", []order.Event{received, verified}, report(paid(completed)), nil},
		{"a report that says nothing is nothing", nil, report(), nil},
		{
			"what is known of it elsewhere is kept, the custom parameter only where it is not the user", []order.Event{registered},
			report(paid(order.Claim{Custom: "order1234", Amount: ten, Details: order.Details{Reference: "order1234", Bitcoin: &bitcoin}})),
			[]order.Event{
				order.PaymentReceived{Payment: own, User: "shopper", Amount: ten, OccurredAt: at, Details: &order.Details{Reference: "order1234", Bitcoin: &bitcoin}},
				order.PaymentVerified{Payment: own, User: "shopper", Amount: ten, OccurredAt: at, Evidence: []payment.Evidence{evidence}},
			},
		},
		{
			"a custom parameter that is the user is not kept twice", nil,
			report(paid(order.Claim{Custom: "u1", Amount: ten, Details: order.Details{Reference: "u1"}})), []order.Event{received, verified},
		},

		{
			"completed with another amount is held", []order.Event{received, verified}, report(paid(order.Claim{Custom: "u1", Amount: eleven})),
			[]order.Event{contradiction(own, "u1", order.PaymentHeld{Amount: &eleven, OccurredAt: at})},
		},
		{
			"completed with another currency is held", []order.Event{received, verified}, report(paid(order.Claim{Custom: "u1", Amount: euros})),
			[]order.Event{contradiction(own, "u1", order.PaymentHeld{Amount: &euros, OccurredAt: at})},
		},
		{
			"completed with another user is held", []order.Event{received, verified}, report(paid(order.Claim{Custom: "u2", Amount: ten})),
			[]order.Event{contradiction(own, "u2", order.PaymentHeld{Amount: &ten, OccurredAt: at})},
		},
		{
			"completed with an unusable user after a known one is held", []order.Event{received, verified}, report(paid(badCustom)),
			[]order.Event{contradiction(own, "", order.PaymentHeld{Amount: &ten, OccurredAt: at})},
		},
		{
			"the same contradiction again is nothing",
			[]order.Event{received, verified, contradiction(own, "u1", order.PaymentHeld{Amount: &eleven})}, report(paid(order.Claim{Custom: "u1", Amount: eleven})), nil,
		},
		{
			"the first facts after a contradiction are nothing",
			[]order.Event{received, verified, contradiction(own, "u1", order.PaymentHeld{Amount: &eleven})}, report(paid(completed)), nil,
		},

		{"completed without custom is held, and the money is in", nil, report(paid(noCustom)), []order.Event{nobody}},
		{"an empty custom parameter names nobody", nil, report(paid(order.Claim{Amount: ten})), []order.Event{nobody}},
		{"without custom again is nothing", []order.Event{nobody}, report(paid(noCustom)), nil},
		{
			"without custom, then with it, is credited and closes the hold", []order.Event{nobody}, report(paid(completed)),
			[]order.Event{received, closing(verified, payment.ClosedHold{Hold: "event-0", Amount: &ten})},
		},
		{"with custom, then without it, is nothing", []order.Event{received, verified}, report(paid(noCustom)), nil},
		{
			"without custom, then with it and another amount, is held", []order.Event{nobody}, report(paid(order.Claim{Custom: "u1", Amount: eleven})),
			[]order.Event{contradiction(own, "u1", order.PaymentHeld{Amount: &eleven, OccurredAt: at})},
		},
		{"an unusable custom parameter is held, and the money is in", nil, report(paid(badCustom)), []order.Event{unusable}},
		{"an unusable custom parameter again is nothing", []order.Event{unusable}, report(paid(badCustom)), nil},
		{"an unusable custom parameter after a missing one is nothing", []order.Event{nobody}, report(paid(badCustom)), nil},
		{
			"an unusable custom parameter, then a registered order, is credited to its user", []order.Event{unusable, registered}, report(paid(badCustom)),
			[]order.Event{
				order.PaymentReceived{Payment: own, User: "shopper", Amount: ten, OccurredAt: at},
				order.PaymentVerified{
					Payment: own, User: "shopper", Amount: ten, OccurredAt: at, Evidence: []payment.Evidence{evidence},
					Closes: []payment.ClosedHold{{Hold: "event-0", Amount: &ten}},
				},
			},
		},

		{"an unreadable amount is held, and nothing has arrived", nil, report(paid(noAmount)), []order.Event{unreadable}},
		{"an unreadable amount again is nothing", []order.Event{unreadable}, report(paid(noAmount)), nil},
		{
			"an unreadable amount, then a readable one, is credited and closes the hold", []order.Event{unreadable}, report(paid(completed)),
			[]order.Event{received, closing(verified, payment.ClosedHold{Hold: "event-0"})},
		},
		{
			"a readable amount, then an unreadable one, is held", []order.Event{received, verified}, report(paid(noAmount)),
			[]order.Event{contradiction(own, "u1", order.PaymentHeld{OccurredAt: at})},
		},
		{
			"an amount below zero is held, and takes nothing away", nil, report(paid(order.Claim{Custom: "u1", Amount: minus})),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Payment: own, User: "u1", Amount: &minus, Reason: payment.UnreadableAmount, OccurredAt: at}},
		},

		{"a status that disagrees with the event is held, and nothing has arrived", nil, report(paid(inDoubt)), []order.Event{doubtful}},
		{"a doubtful report again is nothing", []order.Event{doubtful}, report(paid(inDoubt)), nil},
		{
			"in doubt, then completed, is credited and closes the hold", []order.Event{doubtful}, report(paid(completed)),
			[]order.Event{received, closing(verified, payment.ClosedHold{Hold: "event-0"})},
		},
		{"completed, then in doubt, is nothing", []order.Event{received, verified}, report(paid(inDoubt)), nil},

		{
			"a registered order's user wins over the custom parameter", []order.Event{registered}, report(paid(completed)),
			[]order.Event{
				order.PaymentReceived{Payment: own, User: "shopper", Amount: ten, OccurredAt: at},
				order.PaymentVerified{Payment: own, User: "shopper", Amount: ten, OccurredAt: at, Evidence: []payment.Evidence{evidence}},
			},
		},
		{
			"an order that is registered for another user after the credit is held", []order.Event{received, verified, registered}, report(paid(completed)),
			[]order.Event{contradiction(own, "shopper", order.PaymentHeld{Amount: &ten, OccurredAt: at})},
		},
		{
			"an unregistered order is held where the owner says so", nil, report(paid(completed), holdUnregistered),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Payment: own, Amount: &ten, Arrived: true, Reason: payment.Unregistered, Reference: "u1", OccurredAt: at}},
		},
		{
			"a registered order is credited where unregistered ones are held", []order.Event{registered}, report(paid(completed), holdUnregistered),
			[]order.Event{
				order.PaymentReceived{Payment: own, User: "shopper", Amount: ten, OccurredAt: at},
				order.PaymentVerified{Payment: own, User: "shopper", Amount: ten, OccurredAt: at, Evidence: []payment.Evidence{evidence}},
			},
		},

		{"without sufficient evidence a payment is received and pending", nil, report(paid(hearsay)), []order.Event{received}},
		{"without sufficient evidence again is nothing", []order.Event{received}, report(paid(hearsay)), nil},
		{"sufficient evidence verifies a received payment", []order.Event{received}, report(paid(completed)), []order.Event{verified}},
		{"insufficient evidence of a verified payment is nothing", []order.Event{received, verified}, report(paid(hearsay)), nil},
		{"insufficient evidence of a refuted payment is nothing", []order.Event{received, refuted}, report(paid(hearsay)), nil},
		{
			"sufficient evidence of a refuted payment is held", []order.Event{received, refuted}, report(paid(completed)),
			[]order.Event{contradiction(own, "u1", order.PaymentHeld{Amount: &ten, OccurredAt: at})},
		},
		{"a released payment again is nothing", []order.Event{nobody, order.PaymentReleased{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: own}, User: "u1", Amount: ten}}, report(paid(completed)), nil},
		{
			"a released payment for another user is held", []order.Event{nobody, order.PaymentReleased{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: own}, User: "u1", Amount: ten}},
			report(paid(order.Claim{Custom: "u2", Amount: ten})), []order.Event{contradiction(own, "u2", order.PaymentHeld{Amount: &ten, OccurredAt: at})},
		},
		{
			"a refunded payment again is nothing",
			[]order.Event{received, verified, order.PaymentRefunded{Payment: own, Refund: "r1", Amount: ten}}, report(paid(completed)), nil,
		},

		{"a status moves no money", nil, report(status("expired")), []order.Event{order.OrderStatusReported{Status: "expired", OccurredAt: at}}},
		{"the same status again is nothing", []order.Event{order.OrderStatusReported{Status: "expired"}}, report(status("expired")), nil},
		{"another status is kept too", []order.Event{order.OrderStatusReported{Status: "new"}}, report(status("failed")), []order.Event{order.OrderStatusReported{Status: "failed", OccurredAt: at}}},
		{"a word that nobody knows is kept", nil, report(status("refunding?")), []order.Event{order.OrderStatusReported{Status: "refunding?", OccurredAt: at}}},
		{"an expired order can still be paid", []order.Event{order.OrderStatusReported{Status: "expired"}, order.OrderExpired{}}, report(paid(completed)), []order.Event{received, verified}},
		{"a late expired takes nothing back", []order.Event{received, verified}, report(status("expired")), []order.Event{order.OrderStatusReported{Status: "expired", OccurredAt: at}}},
		{"a late failed takes nothing back", []order.Event{received, verified}, report(status("failed")), []order.Event{order.OrderStatusReported{Status: "failed", OccurredAt: at}}},
		{
			"completed after a late failed is nothing", []order.Event{received, verified, order.OrderStatusReported{Status: "failed"}}, report(paid(completed)), nil,
		},

		{"a mispayment before a completed payment", nil, report(mispaid(abcPaid)), []order.Event{firstABC}},
		{"a mispayment after a completed payment", []order.Event{received, verified}, report(mispaid(abcPaid)), []order.Event{firstABC}},
		{"a completed payment after a mispayment is credited", []order.Event{firstABC}, report(paid(completed)), []order.Event{received, verified}},
		{"a mispayment after an expired order", []order.Event{order.OrderStatusReported{Status: "expired"}}, report(mispaid(abcPaid)), []order.Event{firstABC}},
		{"a mispayment again is nothing", []order.Event{firstABC}, report(mispaid(abcPaid)), nil},
		{"several mispayments", nil, report(mispaid(abcPaid, defPaid)), []order.Event{firstABC, nth(1, firstDEF)}},
		{"an array that has grown adds what is new", []order.Event{firstABC}, report(mispaid(abcPaid, defPaid)), []order.Event{firstDEF}},
		{"an array in another order is nothing", []order.Event{firstABC, firstDEF}, report(mispaid(defPaid, abcPaid)), nil},
		{"a mispayment twice in one report counts once", nil, report(mispaid(abcPaid, abcPaid)), []order.Event{firstABC}},
		{"a completed payment and its mispayments in one report", nil, report(paid(completed), mispaid(abcPaid)), []order.Event{received, verified, nth(2, firstABC)}},
		{
			"a mispayment with an amount that contradicts itself in one report is held", nil,
			report(mispaid(abcPaid, order.Mispayment{Payment: abc, Amount: eleven, OccurredAt: later})),
			[]order.Event{firstABC, order.PaymentHeld{
				Hold: "event-1", Payment: abc, Amount: &eleven, Contradiction: true, Reason: payment.Contradiction, OccurredAt: later,
			}},
		},
		{
			"a mispayment with the same id and another amount is held", []order.Event{firstABC},
			report(mispaid(order.Mispayment{Payment: abc, Custom: "u1", Amount: eleven, OccurredAt: later})),
			[]order.Event{contradiction(abc, "", order.PaymentHeld{Amount: &eleven, OccurredAt: later})},
		},
		{
			"a mispayment that names another payer is the same", []order.Event{firstABC},
			report(mispaid(order.Mispayment{Payment: abc, Custom: "u2", Amount: ten, OccurredAt: later})), nil,
		},
		{
			"a mispayment of a registered order names its user", []order.Event{registered}, report(mispaid(abcPaid)),
			[]order.Event{order.PaymentMispaid{Mispayment: "event-0", Payment: abc, User: "shopper", Amount: ten, OccurredAt: later}},
		},
		{
			"a mispayment of nobody waits all the same", nil, report(mispaid(order.Mispayment{Payment: abc, Amount: ten, OccurredAt: later})),
			[]order.Event{order.PaymentMispaid{Mispayment: "event-0", Payment: abc, Amount: ten, OccurredAt: later}},
		},
		{"a mispayment that was credited is known", []order.Event{firstABC, order.MispaymentCredited{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: abc}, User: "u1", Amount: ten}}, report(mispaid(abcPaid)), nil},
		{"a mispayment that was refunded is known", []order.Event{firstABC, order.PaymentRefunded{Payment: abc, Item: "event-0", Amount: ten}}, report(mispaid(abcPaid)), nil},
		{"a mispayment that was dismissed is known", []order.Event{firstABC, order.MispaymentDismissed{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: abc}, Arrived: &ten}}, report(mispaid(abcPaid)), nil},

		{
			"a mispayment without id is held by its digest, and nothing is posted", nil, report(mispaid(noID)),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Digest: "d1", Amount: &ten, Reason: payment.MispaymentNoID, OccurredAt: later}},
		},
		{
			"a mispayment without id again is nothing",
			[]order.Event{order.PaymentHeld{Hold: "h", Digest: "d1", Amount: &ten, Reason: payment.MispaymentNoID}}, report(mispaid(noID)), nil,
		},
		{
			"a mispayment without id and amount again is nothing, also after a person credited it",
			[]order.Event{
				order.PaymentHeld{Hold: "h", Digest: "d1", Reason: payment.MispaymentNoID},
				order.PaymentReleased{Decision: review.Decision{ID: "d", Item: "h"}, User: "u1", Amount: ten},
			},
			report(mispaid(order.Mispayment{Digest: "d1", OccurredAt: later})), nil,
		},
		{
			"another mispayment without id is held too",
			[]order.Event{order.PaymentHeld{Hold: "h", Digest: "d1", Amount: &ten, Reason: payment.MispaymentNoID}},
			report(mispaid(order.Mispayment{Digest: "d2", Amount: ten, OccurredAt: later})),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Digest: "d2", Amount: &ten, Reason: payment.MispaymentNoID, OccurredAt: later}},
		},
		{
			"a mispayment without its own amount is held, and nothing is posted", nil, report(mispaid(order.Mispayment{Payment: abc, Digest: "d1", OccurredAt: later})),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Payment: abc, Reason: payment.MispaymentNoAmount, OccurredAt: later}},
		},
		{
			"a mispayment below zero is held, and nothing is posted", nil, report(mispaid(order.Mispayment{Payment: abc, Amount: minus, OccurredAt: later})),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Payment: abc, Amount: &minus, Reason: payment.MispaymentNoAmount, OccurredAt: later}},
		},
		{
			"a mispayment without amount, then with it, is in suspense",
			[]order.Event{order.PaymentHeld{Hold: "h", Payment: abc, Reason: payment.MispaymentNoAmount}}, report(mispaid(abcPaid)), []order.Event{settling(firstABC, "h")},
		},
		{
			"a report that a process has read again is held", nil, report(paid(order.Claim{Custom: "u1", Amount: ten}), func(r *order.Report) { r.Task = "T" }),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Payment: own, User: "u1", Amount: &ten, Arrived: true, Reason: payment.Redriven, OccurredAt: at}},
		},
		{"a mispayment that is announced but missing is held", nil, report(mispaid(abcGone)), []order.Event{missingABC}},
		{"a mispayment that is missing again is nothing", []order.Event{missingABC}, report(mispaid(abcGone)), nil},
		{"a mispayment that was missing is described", []order.Event{missingABC}, report(mispaid(abcPaid)), []order.Event{settling(firstABC, "event-0")}},
		{"a mispayment that was described is announced again", []order.Event{firstABC}, report(mispaid(abcGone)), nil},
		{
			"a mispayment that is announced without an id is held", nil, report(mispaid(order.Mispayment{Missing: true, Digest: "empty"})),
			[]order.Event{order.PaymentHeld{Hold: "event-0", Digest: "empty", Reason: payment.MispaymentMissing}},
		},
		{
			"a hold is known by the id of its own event", nil, report(mispaid(abcPaid, noID)),
			[]order.Event{firstABC, order.PaymentHeld{Hold: "event-1", Digest: "d1", Amount: &ten, Reason: payment.MispaymentNoID, OccurredAt: later}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := order.Decide(state(test.given...), test.when)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, test.then, func(a, b order.Event) bool { return reflect.DeepEqual(a, b) }) {
				t.Fatalf("got\n%swant\n%s", text(got), text(test.then))
			}
			again, err := order.Decide(state(append(test.given, got...)...), test.when)
			if err != nil || len(again) > 0 {
				t.Errorf("the same report once more comes to\n%s%v", text(again), err)
			}
		})
	}
}

func TestNewID(t *testing.T) {
	if got, want := order.NewID("coinbase", "a/b").Stream(), "order-coinbase.a%2Fb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func state(events ...order.Event) order.State {
	var s order.State
	for _, e := range events {
		s = order.Evolve(s, e)
	}
	return s
}

func text(events []order.Event) string {
	lines := ""
	for _, e := range events {
		data, err := codec.Encode(e)
		lines += fmt.Sprintf("  %s %s %v\n", e.EventType(), data, err)
	}
	return lines
}
