package recorder_test

import (
	"fmt"
	"testing"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/recorder"
)

func TestOneOfRacingDeliveriesIsRecorded(t *testing.T) {
	w := newWorld(t)
	results := race(t, func(i int) (recorder.Result, error) {
		return w.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery(fmt.Sprint("D", i), "{1}"))
	})
	outcomes := make(map[recorder.Outcome]int)
	for _, r := range results {
		outcomes[r.Outcome]++
		if r.Revision != 1 || r.Position != results[0].Position {
			t.Errorf("got %+v", r)
		}
	}
	if outcomes[recorder.Recorded] != 1 || outcomes[recorder.Duplicate] != racers-1 {
		t.Errorf("got %v, want one recorded", outcomes)
	}
	w.wantTypes("order-coinbase.A", "PaymentReceived", "PaymentVerified")
}

func TestRacingContradictionsCreditOnce(t *testing.T) {
	w := newWorld(t)
	race(t, func(i int) (recorder.Result, error) {
		return w.ReportOrder(t.Context(), orderA, completed("u1", fmt.Sprintf("%d.00", i+1)), delivery(fmt.Sprint("D", i), fmt.Sprint("{", i, "}")))
	})
	credits, holds := w.count("order-coinbase.A", "PaymentVerified"), w.count("order-coinbase.A", "PaymentHeld")
	if credits != 1 || holds != racers-1 {
		t.Errorf("%d credits and %d holds", credits, holds)
	}
}

func TestBalancesOfALogAreThoseOfItsStreams(t *testing.T) {
	w := newWorld(t)
	race(t, func(i int) (recorder.Result, error) {
		id := order.NewID("coinbase", fmt.Sprint(i%4))
		report := completed("u1", "10.00")
		report.Payment = ident.NewPayment("coinbase", "order", fmt.Sprint(i%4))
		return w.ReportOrder(t.Context(), id, report, delivery(fmt.Sprint("D", i), fmt.Sprint("{", i%4, "}")))
	})
	if balance, want := w.accounts()[ledger.UserAccount("u1")].Neg(), amount("USD", "40.00"); balance != want {
		t.Errorf("got %v, want %v", balance, want)
	}
}
