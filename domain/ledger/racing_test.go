package ledger_test

import (
	"fmt"
	"sync"
	"testing"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
)

const racers = 40

func TestOneOfRacingDeliveriesIsRecorded(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	results := race(t, func(i int) (ledger.Result, error) {
		return service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery(fmt.Sprint("D", i), "{1}"))
	})
	outcomes := make(map[ledger.Outcome]int)
	for _, r := range results {
		outcomes[r.Outcome]++
		if r.Revision != 1 || r.Position != results[0].Position {
			t.Errorf("got %+v", r)
		}
	}
	if outcomes[ledger.Recorded] != 1 || outcomes[ledger.Duplicate] != racers-1 {
		t.Errorf("got %v, want one recorded", outcomes)
	}
	if got := types(read(t, store, "order-coinbase.A")); got != "[PaymentReceived PaymentVerified]" {
		t.Errorf("got %s", got)
	}
}

func TestRacingContradictionsCreditOnce(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	race(t, func(i int) (ledger.Result, error) {
		return service.ReportOrder(t.Context(), orderA, completed("u1", fmt.Sprintf("%d.00", i+1)), delivery(fmt.Sprint("D", i), fmt.Sprint("{", i, "}")))
	})
	credits, holds := 0, 0
	for _, e := range read(t, store, "order-coinbase.A") {
		switch e.Type {
		case "PaymentVerified":
			credits++
		case "PaymentHeld":
			holds++
		}
	}
	if credits != 1 || holds != racers-1 {
		t.Errorf("%d credits and %d holds", credits, holds)
	}
}

// race calls a function at the same time with the numbers below racers.
func race(t *testing.T, call func(int) (ledger.Result, error)) []ledger.Result {
	t.Helper()
	results := make([]ledger.Result, racers)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			<-start
			var err error
			if results[i], err = call(i); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	group.Wait()
	return results
}

func TestBalancesOfALogAreThoseOfItsStreams(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	race(t, func(i int) (ledger.Result, error) {
		id := order.NewID("coinbase", fmt.Sprint(i%4))
		report := completed("u1", "10.00")
		report.Payment = ident.NewPayment("coinbase", "order", fmt.Sprint(i%4))
		return service.ReportOrder(t.Context(), id, report, delivery(fmt.Sprint("D", i), fmt.Sprint("{", i%4, "}")))
	})
	balance := money.Zero("USD")
	for e, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := ledger.Post(event)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range entry.Lines {
			if line.Account != ledger.UserAccount("u1") {
				continue
			}
			if balance, err = balance.Sub(line.Amount); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := amount("USD", "40.00"); balance != want {
		t.Errorf("got %v, want %v", balance, want)
	}
}
