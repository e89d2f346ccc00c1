package order_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"daybook/domain/order"
	"daybook/domain/payment"
)

// register builds a command.
func register(user string, purpose order.Purpose) order.Register {
	return order.Register{
		Terms: order.Terms{User: user, Amount: ten, For: purpose}, Evidence: evidence,
		EventID: func(index int) string { return fmt.Sprintf("event-%d", index) },
	}
}

func fold(events ...order.Event) (s order.State) {
	for _, e := range events {
		s = order.Evolve(s, e)
	}
	return s
}

func TestDecideRegister(t *testing.T) {
	const first, second = order.ForBalance, order.ForSale
	eventOf := func(c order.Register) order.Event { return order.OrderRegistered{Terms: c.Terms} }
	balance, sale := register("u1", first), register("u1", second)
	waiting := func(e order.PaymentHeld) order.PaymentHeld { e.Hold = "h"; return e }
	less := amount("USD", "9.99")
	short := nobody
	short.Hold, short.Amount = "h", &less
	redriven := nobody
	redriven.Hold, redriven.Reason = "h", payment.Redriven
	settled := order.PaymentVerified{Payment: own, User: "u1", Amount: ten, OccurredAt: at, Evidence: []payment.Evidence{evidence}, Closes: []payment.ClosedHold{{Hold: "h", Amount: &ten}}}
	sold := settled
	sold.Sold = &ten
	arrived := order.PaymentReceived{Payment: own, User: "u1", Amount: ten, OccurredAt: at}
	soldArrived := arrived
	soldArrived.Sale = true
	mine := func(user string) order.PaymentHeld {
		return contradiction(own, user, order.PaymentHeld{Amount: &ten, Registration: true})
	}
	for name, c := range map[string]struct {
		given []order.Event
		when  order.Register
		then  []order.Event
	}{
		"first":                           {nil, balance, []order.Event{eventOf(balance)}},
		"again":                           {[]order.Event{eventOf(balance)}, balance, nil},
		"after a payment that agrees":     {[]order.Event{received, verified}, balance, []order.Event{eventOf(balance)}},
		"after another user's credit":     {[]order.Event{received, verified}, register("u2", first), []order.Event{mine("u2")}},
		"that contradiction again":        {[]order.Event{received, verified, mine("u2")}, register("u2", first), nil},
		"a sale after a credit":           {[]order.Event{received, verified}, sale, []order.Event{mine("u1")}},
		"a payment waited for a user":     {[]order.Event{waiting(nobody)}, balance, []order.Event{eventOf(balance), arrived, settled}},
		"a sale waited":                   {[]order.Event{waiting(unusable)}, sale, []order.Event{eventOf(sale), soldArrived, sold}},
		"a payment in doubt waits on":     {[]order.Event{waiting(doubtful)}, balance, []order.Event{eventOf(balance)}},
		"one that was read again waits":   {[]order.Event{redriven}, balance, []order.Event{eventOf(balance)}},
		"a mispayment before is as it is": {[]order.Event{firstABC}, balance, []order.Event{eventOf(balance)}},
		"less had arrived": {[]order.Event{short}, balance, []order.Event{eventOf(balance), order.PaymentMispaid{
			Mispayment: "event-1", Payment: own, User: "u1", Amount: less, Reason: payment.Underpaid, OccurredAt: at, Closes: []payment.ClosedHold{{Hold: "h", Amount: &less}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := order.DecideRegister(fold(c.given...), c.when)
			if err != nil || !reflect.DeepEqual(events, c.then) {
				t.Errorf("got %+v, %v\nwant %+v", events, err, c.then)
			}
		})
	}
	if _, err := order.DecideRegister(fold(eventOf(balance)), sale); !errors.Is(err, order.ErrOtherTerms) {
		t.Errorf("other terms: %v", err)
	}
}

func TestContradictionsOfRegistrationsAreBounded(t *testing.T) {
	state := fold(received, verified)
	for i := range payment.Max + 1 {
		events, err := order.DecideRegister(state, register(fmt.Sprint("other-", i), order.ForBalance))
		if err != nil || len(events) != min(1, payment.Max-i) {
			t.Fatalf("the %dth came to %d events, %v", i, len(events), err)
		}
		for _, e := range events {
			e := e.(order.PaymentHeld)
			e.Hold = fmt.Sprint("event-", i)
			state = order.Evolve(state, e)
		}
	}
}

func TestARegisteredOrderIsPaidByItsTerms(t *testing.T) {
	saleTerms := register("u1", order.ForSale).Terms
	balanceTerms := register("u1", order.ForBalance).Terms
	credit := func(terms order.Terms, e order.PaymentReceived) []order.Event {
		v := order.PaymentVerified{Payment: own, User: e.User, Amount: e.Amount, OccurredAt: at, Evidence: []payment.Evidence{evidence}}
		if e.Sale {
			v.Sold = &terms.Amount
		}
		return []order.Event{e, v}
	}
	mispaid := func(e order.PaymentMispaid) []order.Event {
		e.Mispayment, e.Payment, e.User, e.OccurredAt = "event-0", own, "u1", at
		return []order.Event{e}
	}
	for name, c := range map[string]struct {
		terms order.Terms
		paid  order.Claim
		then  []order.Event
	}{
		"exactly":          {balanceTerms, order.Claim{Custom: "u9", Amount: ten}, credit(balanceTerms, order.PaymentReceived{Payment: own, User: "u1", Amount: ten, OccurredAt: at})},
		"more":             {balanceTerms, order.Claim{Amount: eleven}, credit(balanceTerms, order.PaymentReceived{Payment: own, User: "u1", Amount: eleven, OccurredAt: at})},
		"more than a sale": {saleTerms, order.Claim{Amount: eleven}, credit(saleTerms, order.PaymentReceived{Payment: own, User: "u1", Amount: eleven, Sale: true, OccurredAt: at})},
		"less":             {saleTerms, order.Claim{Amount: amount("USD", "9.99")}, mispaid(order.PaymentMispaid{Amount: amount("USD", "9.99"), Reason: payment.Underpaid})},
		"another currency": {saleTerms, order.Claim{Amount: euros}, mispaid(order.PaymentMispaid{Amount: euros, Reason: payment.OtherCurrency})},
	} {
		t.Run(name, func(t *testing.T) {
			state := fold(order.OrderRegistered{Terms: c.terms})
			events, err := order.Decide(state, report(paid(c.paid)))
			if err != nil || !reflect.DeepEqual(events, c.then) {
				t.Fatalf("got %+v, %v\nwant %+v", events, err, c.then)
			}
			again, err := order.Decide(fold(append([]order.Event{order.OrderRegistered{Terms: c.terms}}, events...)...), report(paid(c.paid)))
			if err != nil || len(again) > 0 {
				t.Errorf("reported again: %+v, %v", again, err)
			}
		})
	}
}
