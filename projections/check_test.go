package projections_test

import (
	"errors"
	"strings"
	"testing"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/balances"
)

// built returns a model of the store's log up to a position.
func built(t *testing.T, store eventstore.Store, position eventstore.Position) *balances.Memory {
	t.Helper()
	model := balances.NewMemory()
	r := run(t, model, store, projections.Options{})
	await(t, r, position)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	return model
}

// refused runs a model on a store and fails unless it stops with want.
func refused(t *testing.T, model projections.Projector, store eventstore.Store, want error) {
	t.Helper()
	r := run(t, model, store, projections.Options{})
	<-r.ended
	if !errors.Is(r.err, want) || !strings.Contains(r.err.Error(), "daybook rebuild") {
		t.Errorf("Run returns %v", r.err)
	}
	if err := r.Wait(t.Context(), 1000); !errors.Is(err, projections.ErrStopped) || !errors.Is(err, want) {
		t.Errorf("Wait returns %v", err)
	}
}

func TestRefusesAnotherLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		model := built(t, store, payMany(t, store, 3))
		other := open(t, t.TempDir())
		payMany(t, other, 10)
		refused(t, model, other, projections.ErrWrongLog)
		checkBalance(t, model, 3)
	})
}

// A log that was restored from an older copy has the same id.
func TestRefusesALogThatLacksWhatWasApplied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		directory := t.TempDir()
		store := open(t, directory)
		payMany(t, store, 3)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		older, other := open(t, copyDirectory(t, directory)), open(t, copyDirectory(t, directory))
		store = open(t, directory)
		model := built(t, store, pay(t, store, "later"))

		refused(t, model, older, projections.ErrWrongLog)
		pay(t, older, "something else")
		refused(t, model, older, projections.ErrWrongLog)

		record(t, other, "order-coinbase.later", order.OrderExpired{}, order.OrderExpired{})
		refused(t, model, other, projections.ErrWrongLog)
	})
}

// laterFold is a model of a later version of the program.
type laterFold struct{ projections.Projector }

func (laterFold) FoldVersion() int { return balances.FoldVersion + 1 }

func TestRefusesAModelOfAnotherFold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		model := built(t, store, payMany(t, store, 3))
		refused(t, laterFold{model}, store, projections.ErrOtherFold)
	})
}
