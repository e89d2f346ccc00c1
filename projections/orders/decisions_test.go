package orders_test

import (
	"testing"
	"time"

	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
	"daybook/projections/orders"
)

// decided returns the decision of an event.
func decided(t *testing.T, event order.Event) review.Decision {
	t.Helper()
	switch e := event.(type) {
	case interface{ Decided() review.Decision }:
		return e.Decided()
	case order.RefundDecided:
		return review.Decision{ID: e.Refund, Item: e.Item, Payment: e.Payment, Round: e.Round}
	}
	t.Fatalf("%s is no decision", event.EventType())
	return review.Decision{}
}

// without leaves out what a decision and its end add to the document.
func without(o orders.Order) orders.Order {
	o.Decisions, o.Revision, o.Changed, o.RecordedAt = nil, 0, 0, time.Time{}
	return o
}

// TestReversedDecisionsLeaveNothing compares an order after a decision and its reversal with
// what it was before.
func TestReversedDecisionsLeaveNothing(t *testing.T) {
	registered := order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: usd("5"), For: order.ForSale}}
	noAmount := order.PaymentHeld{Hold: "h3", Payment: mispaid, Reason: payment.MispaymentNoAmount}
	anonymous := order.PaymentHeld{Hold: "h6", Digest: "d", User: "u4", Reason: payment.MispaymentNoID}
	completed := order.OrderCompleted{Decision: decision("d", "m", mispaid, review.Complete), User: "u1", Amount: usd("2"), Sold: usd("5"), Short: usd("3").Optional()}
	both := released("h2", "u1", "5")
	both.Closes = []string{"h4"}
	back := released("h2", "u2", "5")
	back.Refunded = &review.Refunded{Amount: usd("1"), Share: usd("1")}
	charged := order.RefundCharged{
		Decision: decision("d", "h5", paid, review.Charge), User: "u2", Amount: usd("5"), Within: usd("5").Optional(),
		From: []review.Line{{Account: "liabilities:users:u1", Amount: usd("5")}},
	}
	within := charged
	within.Payment, within.Within, within.Amount = mispaid, usd("2").Optional(), usd("2")
	dismissed := order.MispaymentDismissed{Decision: decision("d", "m", mispaid, review.Dismiss), Arrived: usd("2").Optional()}
	for name, test := range map[string]struct {
		given    []order.Event
		decision order.Event
	}{
		"a hold is released":                         {[]order.Event{nobodys}, released("h2", "u1", "5")},
		"a hold of a pending payment is released":    {[]order.Event{received, nobodys}, released("h2", "u3", "5")},
		"a release settles two holds":                {[]order.Event{nobodys, unread, above}, both},
		"of a payment, part of which was sent back":  {[]order.Event{nobodys}, back},
		"a contradiction is released":                {[]order.Event{received, verified, odd}, released("h1", "u2", "7")},
		"the same of a registered order":             {[]order.Event{registered, received, verified, part, odd}, released("h1", "u2", "7")},
		"a hold about a mispayment is released":      {[]order.Event{noAmount}, order.PaymentReleased{Decision: decision("d", "h3", mispaid, review.Credit), User: "u1", Amount: usd("2")}},
		"a hold without a payment is released":       {[]order.Event{anonymous}, order.PaymentReleased{Decision: decision("d", "h6", "", review.Credit), User: "u1", Amount: usd("2")}},
		"a mispayment is credited":                   {[]order.Event{wrong}, credited},
		"a mispayment is dismissed":                  {[]order.Event{wrong}, dismissed},
		"a mispayment is completed":                  {[]order.Event{registered, wrong}, completed},
		"a hold is completed":                        {[]order.Event{registered, nobodys}, order.OrderCompleted{Decision: decision("d", "h2", paid, review.Complete), User: "u1", Amount: usd("5"), Sold: usd("5")}},
		"a hold is dismissed":                        {[]order.Event{nobodys}, order.PaymentDismissed{Decision: decision("d", "h2", paid, review.Dismiss), Arrived: usd("5").Optional()}},
		"a hold of a pending payment came to naught": {[]order.Event{received, nobodys}, order.PaymentDismissed{Decision: decision("d", "h2", paid, review.Dismiss)}},
		"a hold without an amount is dismissed":      {[]order.Event{unread}, order.PaymentDismissed{Decision: decision("d", "h4", paid, review.Dismiss)}},
		"a contradiction is dismissed":               {[]order.Event{received, verified, odd}, order.PaymentDismissed{Decision: decision("d", "h1", paid, review.Dismiss)}},
		"a refund above is charged":                  {[]order.Event{received, verified, sentBack, above}, order.RefundCharged{Decision: decision("d", "h5", paid, review.Charge), User: "u1", Amount: usd("1"), Charged: usd("1").Optional()}},
		"a refund above is dismissed":                {[]order.Event{received, verified, above}, order.RefundDismissed{Decision: decision("d", "h5", paid, review.Dismiss), Amount: usd("1").Optional()}},
		"a held refund was one of the payment":       {[]order.Event{received, verified, above}, charged},
		"a held refund was one of a released one":    {[]order.Event{nobodys, released("h2", "u1", "5"), above}, charged},
		"a held refund was one of a mispayment":      {[]order.Event{wrong, credited, above}, within},
	} {
		before := fold(t, test.given...)
		after := fold(t, append(test.given, test.decision)...)
		d := decided(t, test.decision)
		isUnchanged := describe(t, without(after)) == describe(t, without(before))
		if len(after.Decisions) != len(before.Decisions)+1 || isUnchanged {
			t.Errorf("%s: the decision changes nothing: %s", name, describe(t, after))
		}
		undone := fold(t, append(test.given, test.decision, order.DecisionReversed{Reversal: review.Reversal{
			Item: d.Item, Reverses: d.ID, Payment: d.Payment, By: "operator:bob", Note: "wrong", Opens: d.Closes,
		}})...)
		if got, want := describe(t, without(undone)), describe(t, without(before)); got != want {
			t.Errorf("%s, and undone, the order is\n%s\nand was\n%s", name, got, want)
		}
		last := undone.Decisions[len(undone.Decisions)-1]
		if last.Reversed == nil || last.Reversed.By != "operator:bob" || last.Reversed.Note != "wrong" || last.By != "operator:alice" || last.Note != "n" || last.Replaces != nil {
			t.Errorf("%s, and undone, the decision is %+v", name, last)
		}
	}
}

// A rule that has changed the payment since a decision is not undone with it.
func TestReversalLeavesWhatARuleHasChanged(t *testing.T) {
	o := fold(t, nobodys, order.PaymentDismissed{Decision: decision("d", "h2", paid, review.Dismiss)}, received, verified,
		order.DecisionReversed{Reversal: review.Reversal{Item: "h2", Reverses: "d", Payment: paid, By: "operator:bob", Note: "wrong"}})
	if o.Status != orders.Paid || len(o.Payments) != 1 || o.Payments[0].Status != orders.PaymentVerified || len(o.Holds) != 1 {
		t.Errorf("order is %s", describe(t, o))
	}
}

func TestRefunds(t *testing.T) {
	paidFor := []order.Event{received, verified}
	wanted := order.RefundDecided{Refund: "r", Payment: paid, Amount: usd("3"), By: "operator:alice", Note: "returned"}
	report := order.PaymentRefunded{
		Payment: paid, Refund: "r", Report: "coinbase/order/A/refund/7", Hash: "ab", Amount: usd("3"), OccurredAt: time.Unix(9, 0),
		From: []review.Line{{Account: "income:sales", Amount: usd("3")}},
	}
	for name, test := range map[string]struct {
		given []order.Event
		want  orders.Refund
	}{
		"decided":   {[]order.Event{wanted}, orders.Refund{Status: order.RefundOpen}},
		"failed":    {[]order.Event{wanted, order.RefundReported{Payment: paid, Status: "FAILED", Intent: "r"}}, orders.Refund{Status: order.RefundOpen, Failed: true}},
		"withdrawn": {[]order.Event{wanted, order.RefundWithdrawn{Refund: "r", Payment: paid, Amount: usd("3"), By: "operator:bob"}}, orders.Refund{Status: order.RefundCancelled}},
		"completed": {[]order.Event{wanted, order.RefundReported{Payment: paid, Status: "FAILED", Intent: "r"}, report}, orders.Refund{
			Status: order.RefundSent, Report: report.Report, Hash: "ab", SentAt: time.Unix(9, 0).UTC(),
		}},
		"sent elsewhere": {[]order.Event{wanted, order.PaymentRefunded{Payment: paid, Refund: "r", Amount: usd("3"), Reference: "tx", By: "operator:bob"}}, orders.Refund{
			Status: order.RefundSent, Reference: "tx", SentBy: "operator:bob",
		}},
		"sent above what was left": {[]order.Event{wanted, order.RefundHeld{Hold: "h5", Refund: "r", Payment: paid, Amount: usd("3").Optional(), Posted: true, Hash: "ab"}}, orders.Refund{
			Status: order.RefundSent, Hash: "ab",
		}},
	} {
		o := fold(t, append(paidFor, test.given...)...)
		test.want.ID, test.want.Payment, test.want.Amount, test.want.By, test.want.Note = "r", paid, usd("3"), "operator:alice", "returned"
		test.want.RecordedAt = time.Date(2024, 5, 1, 12, 0, 2, 0, time.UTC)
		if len(o.Refunds) != 1 || o.Refunds[0] != test.want {
			t.Errorf("%s, the refunds are\n%+v\nwant\n%+v", name, o.Refunds, test.want)
		}
	}
	o := fold(t, append(paidFor, wanted, report)...)
	if a := o.Payments[0].Adjustments; len(a) != 1 || a[0].User != "" || a[0].ID != "r" || a[0].Amount != usd("-3") {
		t.Errorf("adjustments are %+v", a)
	}
}

func TestRefundsOfItems(t *testing.T) {
	toWrong := order.RefundDecided{Refund: "r", Item: "m", Asked: &review.Asked{Decision: review.Refund, Note: "n"}, Payment: mispaid, Amount: usd("2"), By: "operator:alice", Note: "n"}
	sentWrong := order.PaymentRefunded{Payment: mispaid, Refund: "r", Item: "m", Amount: usd("2"), From: []review.Line{{Account: "liabilities:suspense:m", Amount: usd("2")}}}
	for name, test := range map[string]struct {
		given []order.Event
		want  orders.MispaymentStatus
	}{
		"decided":   {[]order.Event{wrong, toWrong}, orders.MispaymentRefunding},
		"withdrawn": {[]order.Event{wrong, toWrong, order.RefundWithdrawn{Refund: "r", Item: "m", Payment: mispaid, Amount: usd("2"), By: "operator:bob"}}, orders.MispaymentOpen},
		"sent":      {[]order.Event{wrong, toWrong, sentWrong}, orders.MispaymentRefunded},
	} {
		if o := fold(t, test.given...); o.Mispayments[0].Status != test.want {
			t.Errorf("%s, the mispayment is %s, want %s", name, o.Mispayments[0].Status, test.want)
		}
	}
	before, after := fold(t, nobodys), fold(t, nobodys, intended, withdrawn)
	if got, want := describe(t, orders.Order{Holds: after.Holds}), describe(t, orders.Order{Holds: before.Holds}); got != want {
		t.Errorf("the hold is\n%s\nand was\n%s", got, want)
	}
	if d := after.Decisions[0]; d.Decision != review.Refund || d.Reversed == nil || d.Reversed.By != "operator:bob" {
		t.Errorf("the decision is %+v", d)
	}
	if o := fold(t, nobodys, intended, sent); len(o.Holds) != 0 || len(o.Payments) != 1 || o.Payments[0].Status != orders.PaymentRefunded || o.Refunds[0].SentBy != "operator:bob" {
		t.Errorf("sent back, the order is %s", describe(t, o))
	}
}
