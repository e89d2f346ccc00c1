package follow_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

// built returns a model of the store's log up to a position.
func built(t *testing.T, store eventstore.Store, position eventstore.Position) *balances.Memory {
	t.Helper()
	model := balances.NewMemory()
	r := projectiontest.Follow(t, store, model, follow.Options{})
	r.Await(position)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	return model
}

// refused runs a model on a store and fails unless it stops with want, and
// goes on when the model is replaced by an empty one.
func refused(t *testing.T, model follow.Projector, store eventstore.Store, want error) {
	t.Helper()
	replaced := newReplaceable(model)
	r := projectiontest.Follow(t, store, replaced, follow.Options{})
	err := r.Wait(t.Context(), 1000)
	if !errors.Is(err, follow.ErrStopped) || !errors.Is(err, want) || !strings.Contains(err.Error(), "daybook rebuild") {
		t.Errorf("Wait returns %v", err)
	}
	if err := r.Ready(time.Hour); !errors.Is(err, follow.ErrStopped) || !errors.Is(err, want) {
		t.Errorf("Ready returns %v", err)
	}
	rebuilt := balances.NewMemory()
	replaced.replace(rebuilt)
	time.Sleep(10 * time.Second) // of the bubble's clock
	synctest.Wait()
	if err := r.Ready(0); err != nil {
		t.Errorf("after the model was replaced: %v", err)
	}
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}

func TestRefusesAnotherLog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		model := built(t, store, store.Pay(3))
		other := open(t, t.TempDir())
		other.Pay(10)
		refused(t, model, other, follow.ErrWrongLog)
		checkBalance(t, model, 3)
	})
}

// A log that was restored from an older copy has the same id.
func TestRefusesALogThatLacksWhatWasApplied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		directory := t.TempDir()
		store := open(t, directory)
		store.Pay(3)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		older, other := open(t, store.Copy()), open(t, store.Copy())
		store = open(t, directory)
		model := built(t, store, store.Pay(1))

		refused(t, model, older, follow.ErrWrongLog)
		older.Record("order-coinbase.else", order.OrderExpired{}, order.OrderExpired{})
		refused(t, model, older, follow.ErrWrongLog)

		other.Record("order-coinbase.4", order.OrderExpired{}, order.OrderExpired{})
		refused(t, model, other, follow.ErrWrongLog)
	})
}

// laterFold is a model of a later version of the program.
type laterFold struct{ follow.Projector }

func (laterFold) FoldVersion() int { return balances.FoldVersion + 1 }

func TestRefusesAModelOfAnotherFold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		model := built(t, store, store.Pay(3))
		refused(t, laterFold{model}, store, follow.ErrOtherFold)
	})
}
