package deposit_test

import (
	"testing"

	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// TestWhatWasReadAgainWaits takes a report from a process, twice, registers the
// address, and takes it from its sender.
func TestWhatWasReadAgainWaits(t *testing.T) {
	one, err := money.Parse("BTC", "1")
	if err != nil {
		t.Fatal(err)
	}
	const method = "m"
	for _, identity := range []string{"", "coinbase/address/a/h"} {
		var s deposit.State
		number := 0
		report := func(task string) []deposit.Event {
			events, err := deposit.Decide(s, deposit.Report{
				Payment: "", Digest: "d", Amount: one, Sufficient: []string{method}, Evidence: payment.Evidence{Method: method}, Task: task,
				EventID: func(int) string { number++; return string(rune('a' + number)) },
			})
			if identity != "" {
				events, err = deposit.Decide(s, deposit.Report{
					Payment: "coinbase/address/a/h", Amount: one, Sufficient: []string{method}, Evidence: payment.Evidence{Method: method}, Task: task,
					EventID: func(int) string { number++; return string(rune('a' + number)) },
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				s = deposit.Evolve(s, e)
			}
			return events
		}
		first := report("T")
		held, isHeld := first[0].(deposit.DepositHeld)
		if len(first) != 1 || !isHeld || held.Task != "T" || !held.Arrived {
			t.Fatalf("%q comes to %+v", identity, first)
		}
		if again := report("T"); len(again) != 0 {
			t.Errorf("%q comes the second time to %+v", identity, again)
		}
		events, err := deposit.DecideRegister(s, deposit.Register{User: "u1", Sufficient: []string{method}, Evidence: payment.Evidence{Method: method}})
		if err != nil || len(events) != 1 {
			t.Errorf("a registration of %q credits %+v, %v", identity, events, err)
		}
		s = deposit.Evolve(s, events[0])
		genuine := report("")
		switch last := genuine[len(genuine)-1].(type) {
		case deposit.DepositSeenAgain:
			if identity != "" || last.Task != "" {
				t.Errorf("%+v", genuine)
			}
		case deposit.DepositVerified:
			if identity == "" || len(last.Closes) != 1 || last.Closes[0].Hold != held.Hold {
				t.Errorf("%+v", genuine)
			}
		default:
			t.Errorf("%+v", genuine)
		}
		if again := report("T"); len(again) != 0 {
			t.Errorf("%q comes in the end to %+v", identity, again)
		}
	}
}
