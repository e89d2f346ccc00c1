package order_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payment"
)

const (
	checkout    = ident.Payment("checkout/c1")
	transaction = ident.Payment("eth/8453/0xaa")
)

var (
	shown = payment.Transfer{
		Amount: amount("USDC", "10.00"), Quoted: amount("USD", "10.00"), Fee: amount("USDC", "0.10"), Network: "base", Hash: "0xaa", Payee: "0xpayee",
	}
	byAPI  = payment.Needs{payment.Signature, payment.Registered, payment.API}
	signed = payment.Needs{payment.Signature, payment.Registered}
	hook   = payment.Evidence{Method: payment.Signature, Status: "COMPLETED"}
)

func with(t payment.Transfer, change func(*payment.Transfer)) payment.Transfer {
	change(&t)
	return t
}

// transferred reports a transfer under a policy.
func transferred(t payment.Transfer, needs payment.Needs) order.Report {
	return order.Report{
		Payment: checkout, OccurredAt: at, Policy: order.Policy{Needs: needs}, EventID: number,
		Paid:   &order.Claim{Amount: t.Amount, Transfer: &t, Evidence: hook, Details: order.Details{Reference: "R"}},
		Claims: order.Claims{Transaction: transaction, Settles: checkout},
	}
}

func answered(answer order.Answer, t payment.Transfer) order.Verify {
	return order.Verify{
		Payment: checkout, Answer: answer, EventID: number, Claims: order.Claims{Transaction: transaction, Settles: checkout},
		Evidence: payment.Evidence{Method: payment.API, Status: "COMPLETED", Transfer: &t},
	}
}

func number(index int) string { return fmt.Sprintf("event-%d", index) }

// transfers is an order to which things happen.
type transfers struct {
	t     *testing.T
	state order.State
}

func (o *transfers) put(events []order.Event, err error) []order.Event {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range events {
		o.state = order.Evolve(o.state, e)
	}
	return events
}

func (o *transfers) register(purpose order.Purpose, price string) []order.Event {
	o.t.Helper()
	return o.put(order.DecideRegister(o.state, order.Register{
		Terms: order.Terms{User: "u1", Amount: amount("USD", price), For: purpose}, Evidence: evidence, EventID: number,
	}))
}

func (o *transfers) report(t payment.Transfer, needs payment.Needs) []order.Event {
	o.t.Helper()
	return o.put(order.Decide(o.state, transferred(t, needs)))
}

func (o *transfers) answer(answer order.Answer, t payment.Transfer) []order.Event {
	o.t.Helper()
	return o.put(order.DecideVerify(o.state, answered(answer, t)))
}

func types(events []order.Event) string {
	text := ""
	for _, e := range events {
		switch e := e.(type) {
		case order.PaymentHeld:
			text += fmt.Sprintf(" held %s arrived=%v", e.Reason, e.Arrived)
		case order.PaymentMispaid:
			text += fmt.Sprintf(" mispaid %s %s", e.Reason, e.Amount)
		case order.PaymentVerified:
			text += fmt.Sprintf(" verified %s of %s", e.Amount, e.Transfer.Amount)
		default:
			text += " " + e.EventType()
		}
	}
	return text
}

// TestATransferNeedsAllItsEvidence walks the ways of one transfer.
func TestATransferNeedsAllItsEvidence(t *testing.T) {
	other := with(shown, func(t *payment.Transfer) { t.Amount = amount("USDC", "9.00") })
	stranger := with(shown, func(t *payment.Transfer) { t.Payee = "0xstranger" })
	twice := with(shown, func(t *payment.Transfer) { t.Hash = "0xbb" })
	unquoted := with(shown, func(t *payment.Transfer) { t.Quoted = amount("EUR", "10.00") })
	for name, c := range map[string]struct {
		do   func(o *transfers) []order.Event
		want string
	}{
		"a webhook alone posts nothing":     {func(o *transfers) []order.Event { return o.report(shown, byAPI) }, " PaymentReceived"},
		"again it is known":                 {func(o *transfers) []order.Event { o.report(shown, byAPI); return o.report(shown, byAPI) }, ""},
		"the answer without a registration": {func(o *transfers) []order.Event { o.report(shown, byAPI); return o.answer(order.Came, shown) }, " held unregistered arrived=true"},
		"a registration after that credits": {func(o *transfers) []order.Event {
			o.report(shown, byAPI)
			o.answer(order.Came, shown)
			return o.register(order.ForBalance, "10.00")
		}, " OrderRegistered verified 10.00 USD of 10.000000 USDC"},
		"a registration before": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(shown, byAPI)
			return o.answer(order.Came, shown)
		}, " verified 10.00 USD of 10.000000 USDC"},
		"a registration between": {func(o *transfers) []order.Event {
			o.report(shown, byAPI)
			o.register(order.ForSale, "7.00")
			return o.answer(order.Came, shown)
		}, " verified 10.00 USD of 10.000000 USDC"},
		"a second answer is nothing": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(shown, byAPI)
			o.answer(order.Came, shown)
			return o.answer(order.Came, other)
		}, ""},
		"less than registered": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.01")
			o.report(shown, byAPI)
			return o.answer(order.Came, shown)
		}, " mispaid underpaid 10.000000 USDC"},
		"not quoted in the registered currency": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(unquoted, byAPI)
			return o.answer(order.Came, unquoted)
		}, " mispaid other-currency 10.000000 USDC"},
		"the provider shows less": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(shown, byAPI)
			return o.answer(order.Came, other)
		}, " held provider-disagrees arrived=true"},
		"the provider shows another account": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(shown, byAPI)
			return o.answer(order.Came, stranger)
		}, " held provider-disagrees arrived=true"},
		"no money came": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(shown, byAPI)
			return o.answer(order.NeverCame, payment.Transfer{})
		}, " PaymentRefuted"},
		"a webhook after that needs a person": {func(o *transfers) []order.Event {
			o.report(shown, byAPI)
			o.answer(order.NeverCame, payment.Transfer{})
			return o.report(shown, byAPI)
		}, " held contradiction arrived=false"},
		"no answer": {func(o *transfers) []order.Event {
			o.report(shown, byAPI)
			return o.answer(order.Unanswered, payment.Transfer{})
		}, " held unverified arrived=false"},
		"another webhook says otherwise": {func(o *transfers) []order.Event { o.report(shown, byAPI); return o.report(other, byAPI) }, " held contradiction arrived=false"},
		"another transaction":            {func(o *transfers) []order.Event { o.report(shown, byAPI); return o.report(twice, byAPI) }, " held another-transfer arrived=false"},
		"such a policy, and less than registered": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.01")
			return o.report(shown, signed)
		}, " mispaid underpaid 10.000000 USDC"},
		"a policy without an API": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			return o.report(shown, signed)
		}, " PaymentReceived verified 10.00 USD of 10.000000 USDC"},
		"such a policy, unregistered": {func(o *transfers) []order.Event { return o.report(shown, signed) }, " held unregistered arrived=true"},
		"a policy that needs less changes nothing of what waits": {func(o *transfers) []order.Event {
			o.register(order.ForBalance, "10.00")
			o.report(shown, byAPI)
			return o.report(shown, signed)
		}, ""},
		"a fee is learned later": {func(o *transfers) []order.Event {
			free := with(shown, func(t *payment.Transfer) { t.Fee = amount("USDC", "0.00") })
			free.Fee = payment.Transfer{}.Fee
			o.register(order.ForBalance, "10.00")
			o.report(free, signed)
			return o.report(shown, signed)
		}, " FeeReported"},
		"and once": {func(o *transfers) []order.Event {
			free := with(shown, func(t *payment.Transfer) { t.Fee = payment.Transfer{}.Fee })
			o.register(order.ForBalance, "10.00")
			o.report(free, signed)
			o.report(shown, signed)
			return o.report(shown, signed)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := types(c.do(&transfers{t: t})); got != c.want {
				t.Errorf("got%s\nwant%s", got, c.want)
			}
		})
	}
}

func TestAPostingNeedsItsTransactionClaimed(t *testing.T) {
	o := &transfers{t: t}
	o.register(order.ForBalance, "10.00")
	o.report(shown, byAPI)
	verify := answered(order.Came, shown)
	verify.Claims = order.Claims{}
	if _, err := order.DecideVerify(o.state, verify); !errors.Is(err, order.Unclaimed{Transaction: transaction}) {
		t.Fatal(err)
	}
	verify.Claims = order.Claims{Transaction: transaction, Taken: true}
	if got := types(o.put(order.DecideVerify(o.state, verify))); got != " held transaction-elsewhere arrived=false" {
		t.Error(got)
	}
}

func TestOnePaymentSettlesAnOrderOfTheWebsite(t *testing.T) {
	site := &transfers{t: t}
	if _, err := order.DecideSettle(site.state, order.Settle{Payment: checkout}); !errors.Is(err, order.ErrUnregistered) {
		t.Fatal(err)
	}
	site.register(order.ForBalance, "10.00")
	for range 2 {
		site.put(order.DecideSettle(site.state, order.Settle{Payment: checkout}))
	}
	if _, err := order.DecideSettle(site.state, order.Settle{Payment: "checkout/c2"}); !errors.Is(err, order.ErrSettled) {
		t.Fatal(err)
	}

	linked := transferred(shown, signed)
	linked.Link = &order.Link{Site: "site.R", Terms: site.state.Terms}
	linked.Settles = ""
	o := &transfers{t: t}
	if _, err := order.Decide(o.state, linked); !errors.Is(err, order.Unsettled{Site: "site.R", Payment: checkout}) {
		t.Fatal(err)
	}
	unclaimed := linked
	unclaimed.Claims = order.Claims{}
	if _, err := order.Decide(o.state, unclaimed); !errors.Is(err, order.Unclaimed{Transaction: transaction}) {
		t.Fatalf("it settles before it claims: %v", err)
	}
	linked.Settles, linked.SettledElsewhere = checkout, true
	if got := types(o.put(order.Decide(o.state, linked))); got != " OrderLinked mispaid second 10.000000 USDC" {
		t.Error(got)
	}
	o = &transfers{t: t}
	linked.SettledElsewhere = false
	if got := types(o.put(order.Decide(o.state, linked))); got != " OrderLinked PaymentReceived verified 10.00 USD of 10.000000 USDC" {
		t.Error(got)
	}
}

func TestALinkCreditsWhatHasWaited(t *testing.T) {
	o := &transfers{t: t}
	o.report(shown, signed)
	link := order.LinkSite{
		Link:   order.Link{Site: "site.R", Terms: order.Terms{User: "u1", Amount: amount("USD", "10.00"), For: order.ForBalance}},
		Claims: order.Claims{Settles: checkout}, EventID: number,
	}
	if got := types(o.put(order.DecideLink(o.state, link))); got != " OrderLinked PaymentReceived verified 10.00 USD of 10.000000 USDC" {
		t.Error(got)
	}
	if again := o.put(order.DecideLink(o.state, link)); len(again) > 0 {
		t.Error(types(again))
	}
	stranger := link
	stranger.Site = "site.X"
	if events := (&transfers{t: t}).put(order.DecideLink(o.state, stranger)); len(events) > 0 {
		t.Error(types(events))
	}
}

func TestALatePaymentIsAMispaymentByTheProvidersTime(t *testing.T) {
	expiring := order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: ten, For: order.ForBalance, ExpiresAt: at}}
	for name, c := range map[string]struct {
		paidAt time.Time
		want   payment.Reason
	}{"on time": {at, ""}, "late": {at.Add(time.Second), payment.Late}, "unknown": {time.Time{}, ""}} {
		t.Run(name, func(t *testing.T) {
			events, err := order.Decide(fold(expiring, order.OrderExpired{}), report(paid(order.Claim{Custom: "u1", Amount: ten}), func(r *order.Report) { r.OccurredAt = c.paidAt }))
			if err != nil {
				t.Fatal(err)
			}
			last := events[len(events)-1]
			if mispaid, is := last.(order.PaymentMispaid); is != (c.want != "") || is && mispaid.Reason != c.want {
				t.Errorf("got %+v", events)
			}
		})
	}
}

func TestEachReportOfARefundIsKeptOnce(t *testing.T) {
	o := &transfers{t: t}
	r := transferred(shown, byAPI)
	r.Paid = nil
	r.Refunds = []order.Refund{{Payment: checkout + "/refund/r1", Status: "PENDING", Amount: ten}, {Digest: "d", Doubt: payment.RefundNoID}}
	if got := len(o.put(order.Decide(o.state, r))); got != 2 {
		t.Errorf("%d events", got)
	}
	if again := o.put(order.Decide(o.state, r)); again != nil {
		t.Errorf("again %v", again)
	}
	r.Refunds[0].Status, r.Book = "COMPLETED", new(ledger.Posted)
	want := []order.Event{order.RefundReported{Payment: checkout, Refund: checkout + "/refund/r1", Status: "COMPLETED", Amount: &ten}}
	if got := o.put(order.Decide(o.state, r)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
