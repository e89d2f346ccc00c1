package order_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
)

func TestLimits(t *testing.T) {
	var mispayments []order.Mispayment
	for i := range payment.Max {
		mispayments = append(mispayments, order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", fmt.Sprint(i)), Amount: ten})
	}
	thousand, err := order.Decide(order.State{}, report(mispaid(mispayments...)))
	if err != nil || len(thousand) != payment.Max {
		t.Fatalf("%d mispayments are %d events, %v", payment.Max, len(thousand), err)
	}
	var words []order.Event
	for i := range 50 {
		words = append(words, order.OrderStatusReported{Status: fmt.Sprint(i)})
	}
	contradictions := []order.Event{received, verified}
	for i := range payment.Max {
		other := amount("USD", fmt.Sprintf("%d.99", i))
		contradictions = append(contradictions, contradiction(own, "u1", order.PaymentHeld{Amount: &other}))
	}
	for _, test := range []struct {
		name  string
		given []order.Event
		when  order.Report
		full  bool
	}{
		{"one payment more", thousand, report(paid(completed)), true},
		{"one mispayment more", thousand, report(mispaid(abcPaid)), true},
		{"one more than fit among those that are known", thousand, report(mispaid(append(mispayments, abcPaid)...)), true},
		{"a repetition", thousand, report(mispaid(mispayments...)), false},
		{"a status of an order with many mispayments", thousand, report(status("expired")), false},
		{"one word more", words, report(status("another")), true},
		{"a word that is known", words, report(status("7")), false},
		{"a payment of an order with many words", words, report(paid(completed)), false},
		{"one contradiction more", contradictions, report(paid(order.Claim{Custom: "u1", Amount: eleven})), true},
		{"a contradiction that is known", contradictions, report(paid(order.Claim{Custom: "u1", Amount: amount("USD", "7.99")})), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, err := order.Decide(state(test.given...), test.when)
			if test.full != errors.Is(err, payment.ErrTooMany) || test.full && len(events) > 0 || !test.full && err != nil {
				t.Errorf("got %d events, %v, want ErrTooMany %v", len(events), err, test.full)
			}
		})
	}
}

func TestDecidingLeavesTheStateAlone(t *testing.T) {
	given := []order.Event{nobody, firstABC, order.OrderStatusReported{Status: "new"}}
	s := state(given...)
	for range 2 {
		events, err := order.Decide(s, report(paid(completed), mispaid(defPaid), status("expired")))
		if err != nil || len(events) != 4 {
			t.Fatalf("got\n%s%v", text(events), err)
		}
	}
	if want := state(given...); !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, want %+v", s, want)
	}
}
