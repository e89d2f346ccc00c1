package claim_test

import (
	"errors"
	"reflect"
	"testing"

	"daybook/domain/claim"
	"daybook/domain/codec/codectest"
)

func TestGolden(t *testing.T) {
	codectest.Run(t, claim.Codec, []claim.Event{
		claim.PaymentClaimed{Payment: "coinbase/mispayment/4b9fc65b", Owner: "order-coinbase.5RTQNACF"},
	})
}

func TestDecide(t *testing.T) {
	const payment = "coinbase/mispayment/M"
	claimed := claim.PaymentClaimed{Payment: payment, Owner: "order-coinbase.A"}
	for _, test := range []struct {
		name  string
		given []claim.Event
		when  claim.Claim
		then  []claim.Event
		fails error
	}{
		{"the first stream has the payment", nil, claim.Claim(claimed), []claim.Event{claimed}, nil},
		{"its claim again is nothing", []claim.Event{claimed}, claim.Claim(claimed), nil, nil},
		{"another stream does not get it", []claim.Event{claimed}, claim.Claim{Payment: payment, Owner: "order-coinbase.B"}, nil, claim.ErrTaken},
		{"another payment is another claim", []claim.Event{claimed}, claim.Claim{Payment: "coinbase/mispayment/N", Owner: "order-coinbase.B"},
			[]claim.Event{claim.PaymentClaimed{Payment: "coinbase/mispayment/N", Owner: "order-coinbase.B"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var state claim.State
			for _, event := range test.given {
				state = claim.Evolve(state, event)
			}
			got, err := claim.Decide(state, test.when)
			if !errors.Is(err, test.fails) || !reflect.DeepEqual(got, test.then) {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, test.then, test.fails)
			}
		})
	}
}

func TestStream(t *testing.T) {
	const want = "claim-a3043c3c802334329ef17f0088fbe8c84cb8942520da680866b1eaaf963b8e43"
	if got := claim.NewID("coinbase/mispayment/M").Stream(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
