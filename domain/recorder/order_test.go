package recorder_test

import (
	"errors"
	"maps"
	"testing"

	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/recorder"
)

// balances compares what the log's entries give to users.
func (w *world) balances(want map[string]string) {
	w.t.Helper()
	got := make(map[string]string)
	for _, recorded := range w.all() {
		event, err := ledger.Decode(recorded)
		if err != nil {
			w.t.Fatal(err)
		}
		entry, err := ledger.Post(event)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, change := range entry.Changes() {
			if !change.Available.IsZero() {
				got[change.User] += change.Available.String()
			}
		}
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("users have %v, want %v", got, want)
	}
}

func TestRegisterOrder(t *testing.T) {
	w := newWorld(t)
	command := recorder.Command{ID: "01JB0000000000000000000001", Actor: "website:shop"}
	terms := order.Terms{User: "u1", Amount: amount("USD", "10.00"), For: order.ForSale}
	register := func(terms order.Terms, isDryRun bool) (recorder.OrderRegistration, error) {
		t.Helper()
		return w.RegisterOrder(t.Context(), orderA, terms, isDryRun, command)
	}
	if r, err := register(terms, true); err != nil || r.Outcome != recorder.Recorded || !r.State.Registered || len(w.all()) != 1 {
		t.Fatalf("a dry run: %+v, %v, and %d events", r, err, len(w.all()))
	}
	if r, err := register(terms, false); err != nil || r.Outcome != recorder.Recorded || r.Revision != 0 {
		t.Fatalf("registered: %+v, %v", r, err)
	}
	command.ID = "01JB0000000000000000000002"
	if r, err := register(terms, false); err != nil || r.Outcome != recorder.Duplicate || r.Revision != 0 {
		t.Errorf("registered again: %+v, %v", r, err)
	}
	other := terms
	other.User = "u2"
	if r, err := register(other, false); !errors.Is(err, order.ErrOtherTerms) || r.State.Terms != terms {
		t.Errorf("registered otherwise: %+v, %v", r, err)
	}
	w.order(orderA, completed("u9", "12.00"), delivery("01JB0000000000000000000003", "{}"), recorder.Recorded)
	w.balances(map[string]string{"u1": "2.00 USD"})
}

func TestATooLateRegistrationIsAContradiction(t *testing.T) {
	w := newWorld(t)
	w.order(orderA, completed("u9", "12.00"), delivery("01JB0000000000000000000003", "{}"), recorder.Recorded)
	terms := order.Terms{User: "u1", Amount: amount("USD", "10.00"), For: order.ForBalance}
	for i, outcome := range []recorder.Outcome{recorder.Held, recorder.Duplicate} {
		command := recorder.Command{ID: "01JB000000000000000000000" + string(rune('4'+i)), Actor: "website:shop"}
		r, err := w.RegisterOrder(t.Context(), orderA, terms, false, command)
		if err != nil || r.Outcome != outcome || r.State.Registered {
			t.Errorf("%+v, %v, want it %s", r, err, outcome)
		}
	}
	w.balances(map[string]string{"u9": "12.00 USD"})
}
