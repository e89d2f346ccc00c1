package payout_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"daybook/domain/ident"
	"daybook/domain/payment"
	"daybook/domain/payout"
)

const id = ident.Payment("coinbase/payout/532bdc501e14ffec57000248")

var (
	at    = time.Date(2014, 3, 21, 6, 29, 36, 0, time.UTC)
	until = at.AddDate(0, 0, 5)
	fee   = amount("USD", "0.57")
	facts = payout.Facts{
		Subtotal: amount("USD", "56.74"), Total: amount("USD", "56.17"), FeeOwn: &fee,
		Orders: []string{"BXKZCXPU", "R7FABJ6T"}, Mispaid: []string{"THTM7XLBS"},
	}
)

// facts changed in one place.
func but(change func(*payout.Facts)) *payout.Facts {
	changed := facts
	change(&changed)
	return &changed
}

func report(progress payout.Progress, facts *payout.Facts) payout.Report {
	words := map[payout.Progress]string{payout.Pending: "Pending", payout.Complete: "Complete", payout.Unknown: "Paused"}
	return payout.Report{
		Payment: id, Progress: progress, Status: words[progress], Digest: "d1", Facts: facts, OccurredAt: at, Arrives: until,
		EventID: func(index int) string { return fmt.Sprintf("event-%d", index) },
	}
}

func TestDecide(t *testing.T) {
	var (
		pending   = payout.PayoutPending{Payment: id, Facts: facts, OccurredAt: at, Arrives: until}
		completed = payout.PayoutCompleted{Payment: id, Facts: facts, OccurredAt: at, Arrives: until}
		other     = but(func(f *payout.Facts) { f.Total = amount("USD", "56.16") })
		reordered = but(func(f *payout.Facts) { f.Orders = []string{"R7FABJ6T", "BXKZCXPU"} })
		minus     = amount("USD", "-0.57")
		bitcoin   = amount("BTC", "0.10000000")
	)
	held := func(status string, reason payment.Reason, facts *payout.Facts) payout.PayoutHeld {
		return payout.PayoutHeld{Hold: "event-0", Payment: id, Digest: "d1", Facts: facts, Status: status, Reason: reason, OccurredAt: at}
	}
	for _, test := range []struct {
		name  string
		given []payout.Event
		when  payout.Report
		then  []payout.Event
	}{
		{"a payout is announced", nil, report(payout.Pending, &facts), []payout.Event{pending}},
		{"announced again is nothing", []payout.Event{pending}, report(payout.Pending, &facts), nil},
		{"an announced payout completes", []payout.Event{pending}, report(payout.Complete, &facts), []payout.Event{completed}},
		{"a payout completes without having been announced", nil, report(payout.Complete, &facts), []payout.Event{completed}},
		{"completed again is nothing", []payout.Event{pending, completed}, report(payout.Complete, &facts), nil},
		{"announced after it completed is nothing", []payout.Event{completed}, report(payout.Pending, &facts), nil},
		{"the same ids in another order agree", []payout.Event{pending}, report(payout.Complete, reordered),
			[]payout.Event{payout.PayoutCompleted{Payment: id, Facts: *reordered, OccurredAt: at, Arrives: until}}},

		{"another total is held", []payout.Event{pending}, report(payout.Complete, other), []payout.Event{held("Complete", payment.Contradiction, other)}},
		{"another total after it completed is held", []payout.Event{completed}, report(payout.Pending, other), []payout.Event{held("Pending", payment.Contradiction, other)}},
		{"the same contradiction again is nothing", []payout.Event{completed, held("Complete", payment.Contradiction, other)}, report(payout.Complete, other), nil},
		{"after a contradiction the announced facts complete", []payout.Event{pending, held("Complete", payment.Contradiction, other)}, report(payout.Complete, &facts), []payout.Event{completed}},
		{"another subtotal is held", []payout.Event{pending}, report(payout.Complete, but(func(f *payout.Facts) { f.Subtotal = amount("USD", "1.00") })),
			[]payout.Event{held("Complete", payment.Contradiction, but(func(f *payout.Facts) { f.Subtotal = amount("USD", "1.00") }))}},
		{"a missing fee is held", []payout.Event{pending}, report(payout.Complete, but(func(f *payout.Facts) { f.FeeOwn = nil })),
			[]payout.Event{held("Complete", payment.Contradiction, but(func(f *payout.Facts) { f.FeeOwn = nil }))}},
		{"bitcoin that was not announced is held", []payout.Event{pending}, report(payout.Complete, but(func(f *payout.Facts) { f.Bitcoin = &bitcoin })),
			[]payout.Event{held("Complete", payment.Contradiction, but(func(f *payout.Facts) { f.Bitcoin = &bitcoin }))}},
		{"one order less is held", []payout.Event{pending}, report(payout.Complete, but(func(f *payout.Facts) { f.Orders = f.Orders[:1] })),
			[]payout.Event{held("Complete", payment.Contradiction, but(func(f *payout.Facts) { f.Orders = f.Orders[:1] }))}},

		{"a status that nobody knows is held", nil, report(payout.Unknown, &facts), []payout.Event{held("Paused", payment.UnknownStatus, &facts)}},
		{"an unknown status again is nothing", []payout.Event{held("Paused", payment.UnknownStatus, &facts)}, report(payout.Unknown, &facts), nil},
		{"after an unknown status it completes", []payout.Event{held("Paused", payment.UnknownStatus, &facts)}, report(payout.Complete, &facts), []payout.Event{completed}},
		{"an unknown status after it completed is held", []payout.Event{completed}, report(payout.Unknown, &facts), []payout.Event{held("Paused", payment.UnknownStatus, &facts)}},

		{"unreadable amounts are held", nil, report(payout.Complete, nil), []payout.Event{held("Complete", payment.UnreadableAmount, nil)}},
		{"unreadable amounts again are nothing", []payout.Event{held("Complete", payment.UnreadableAmount, nil)}, report(payout.Complete, nil), nil},
		{"unreadable amounts, then readable ones, complete", []payout.Event{held("Complete", payment.UnreadableAmount, nil)}, report(payout.Complete, &facts), []payout.Event{completed}},
		{"unreadable amounts after it completed are held", []payout.Event{completed}, report(payout.Complete, nil), []payout.Event{held("Complete", payment.UnreadableAmount, nil)}},
		{"a missing total is unreadable", nil, report(payout.Complete, &payout.Facts{Subtotal: facts.Subtotal}), []payout.Event{held("Complete", payment.UnreadableAmount, nil)}},
		{"a fee below zero is unreadable", nil, report(payout.Complete, but(func(f *payout.Facts) { f.FeeBank = &minus })), []payout.Event{held("Complete", payment.UnreadableAmount, nil)}},
		{"a total below zero is unreadable", nil, report(payout.Complete, but(func(f *payout.Facts) { f.Total = minus })), []payout.Event{held("Complete", payment.UnreadableAmount, nil)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := payout.Decide(state(test.given), test.when)
			if err != nil {
				t.Fatal(err)
			}
			if len(got)+len(test.then) > 0 && !reflect.DeepEqual(got, test.then) {
				t.Fatalf("got\n%+v\nwant\n%+v", got, test.then)
			}
			again, err := payout.Decide(state(append(test.given, got...)), test.when)
			if err != nil || len(again) > 0 {
				t.Errorf("the same report once more comes to %+v, %v", again, err)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	var hundred []payout.Event
	for i := range 100 {
		hundred = append(hundred, payout.PayoutHeld{Hold: fmt.Sprint(i), Digest: fmt.Sprint(i), Reason: payment.UnreadableAmount})
	}
	if events, err := payout.Decide(state(hundred), report(payout.Complete, nil)); !errors.Is(err, payment.ErrTooMany) {
		t.Errorf("the next hold comes to %+v, %v, want ErrTooMany", events, err)
	}
	if events, err := payout.Decide(state(hundred), report(payout.Complete, &facts)); err != nil || len(events) != 1 {
		t.Errorf("completing comes to %+v, %v", events, err)
	}
}

func TestNewID(t *testing.T) {
	if got, want := payout.NewID("a/b").Stream(), "payout-a%2Fb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func state(events []payout.Event) payout.State {
	var s payout.State
	for _, e := range events {
		s = payout.Evolve(s, e)
	}
	return s
}
