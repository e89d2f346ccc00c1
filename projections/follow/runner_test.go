package follow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

func TestCatchesUpThenFollows(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(30)
		model := balances.NewMemory()
		r := projectiontest.Follow(t, store, model, follow.Options{BatchSize: 7})
		r.Await(last)
		checkBalance(t, model, 30)

		synctest.Wait()
		if status := r.Status(); status.State != follow.Live || !status.CaughtUp || status.Err != nil ||
			status.Lag != 0 || status.Applied != 61 || status.Checkpoint.Position != last {
			t.Fatalf("status is %+v", status)
		}
		for i := 31; i <= 40; i++ {
			r.Await(store.Pay(1))
			checkBalance(t, model, i)
		}
	})
}

func TestAppliesWhatHasArrivedInBatchesOfAtMostTheSize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(30)
		model := &faultyModel{Projector: balances.NewMemory()}
		r := projectiontest.Follow(t, store, model, follow.Options{BatchSize: 7})
		r.Await(last)
		r.Await(store.Pay(1))
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, size := range model.sizes {
			sum += size
		}
		if slices.Max(model.sizes) > 7 || sum != 63 || r.Status().Batches != uint64(len(model.sizes)) {
			t.Fatalf("batches of %d, status %+v", model.sizes, r.Status())
		}
	})
}

func TestWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(1)
		r := projectiontest.Follow(t, store, balances.NewMemory(), follow.Options{})
		r.Await(last)

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Wait(ended, 0); err != nil {
			t.Errorf("the beginning has been reached: %v", err)
		}
		limited, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := r.Wait(limited, last+1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for what does not come: %v", err)
		}

		waited := make(chan error)
		go func() { waited <- r.Wait(t.Context(), last+100) }()
		synctest.Wait()
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := <-waited; !errors.Is(err, follow.ErrStopped) {
			t.Errorf("waiting when it stops: %v", err)
		}
		if err := r.Wait(t.Context(), last); err != nil {
			t.Errorf("stopped, but beyond the position: %v", err)
		}
		if err := r.Wait(t.Context(), last+1); !errors.Is(err, follow.ErrStopped) {
			t.Errorf("waiting for a stopped one: %v", err)
		}
		if err := r.Ready(time.Hour); !errors.Is(err, follow.ErrStopped) {
			t.Errorf("ready after the end: %v", err)
		}
	})
}

func TestTwoRunnersOnOneModel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		model := balances.NewMemory()
		first := projectiontest.Follow(t, store, model, follow.Options{BatchSize: 3})
		second := projectiontest.Follow(t, store, model, follow.Options{BatchSize: 5})
		for i := 1; i <= 50; i++ {
			last := store.Pay(1)
			if i%10 == 0 {
				first.Await(last)
				second.Await(last)
				checkBalance(t, model, i)
			}
		}
		synctest.Wait()
		for _, r := range []*projectiontest.Running{first, second} {
			if err := r.Ready(0); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAModelRestoredFromAnOlderCopyIsFilledAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		early := store.Pay(5)
		older := balances.NewMemory()
		filling := projectiontest.Follow(t, store, older, follow.Options{})
		filling.Await(early)
		if err := filling.Stop(); err != nil {
			t.Fatal(err)
		}

		model := newReplaceable(balances.NewMemory())
		r := projectiontest.Follow(t, store, model, follow.Options{})
		r.Await(store.Pay(1))
		synctest.Wait()
		if err := r.Ready(0); err != nil {
			t.Fatal(err)
		}
		stuck := &faultyModel{Projector: older, before: func(int) error { return errInjected }}
		model.replace(stuck)
		last := store.Pay(1)
		time.Sleep(time.Second) // of the bubble's clock
		synctest.Wait()
		if err := r.Ready(time.Hour); !errors.Is(err, follow.ErrBehind) {
			t.Errorf("ready with an older copy: %v", err)
		}
		model.replace(older)
		r.Await(last)
		synctest.Wait()
		if err := r.Ready(0); err != nil {
			t.Error(err)
		}
		checkBalance(t, older, 7)
	})
}

func TestAModelThatIsReplacedWhileNothingHappensIsFilledAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(5)
		model := newReplaceable(balances.NewMemory())
		r := projectiontest.Follow(t, store, model, follow.Options{})
		r.Await(last)
		flushed := balances.NewMemory()
		model.replace(flushed)
		time.Sleep(2 * time.Second) // of the bubble's clock
		synctest.Wait()
		if err := r.Ready(0); err != nil {
			t.Error(err)
		}
		checkBalance(t, flushed, 5)
	})
}

func TestAnEventThatCannotBeFoldedStopsThatProjectionAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		known := store.Pay(3)
		model := balances.NewMemory()
		r := projectiontest.Follow(t, store, model, follow.Options{})
		other := projectiontest.Follow(t, store, projectiontest.NewReferenceOrders(), follow.Options{})
		r.Await(known)

		unknown, err := store.Append(t.Context(), "invoice-1", eventstore.NoStream, eventstore.Event{
			ID: eventstore.EventID{1}, Type: "InvoiceSent", Schema: 1, Data: []byte(`{}`), Metadata: []byte(`{}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		<-r.Ended
		if err := r.Stop(); !errors.Is(err, follow.ErrCannotFold) {
			t.Errorf("Run returns %v", err)
		}
		for call, err := range map[string]error{
			"wait": r.Wait(t.Context(), unknown.Position), "ready": r.Ready(time.Hour),
		} {
			if !errors.Is(err, follow.ErrStopped) || !errors.Is(err, follow.ErrCannotFold) {
				t.Errorf("%s says %v", call, err)
			}
		}
		if status := r.Status(); status.State != follow.Stopped || !errors.Is(status.Err, follow.ErrCannotFold) || status.Checkpoint.Position != known {
			t.Errorf("status is %+v", status)
		}
		checkBalance(t, model, 3)
		other.Await(store.Pay(1))
	})
}

func TestAMarkMovesTheCheckpointAndKeepsTheLastEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		real := open(t, t.TempDir())
		last := real.Pay(2)
		store := &faultyStore{Store: real, deliver: quiet(1000)}
		model := balances.NewMemory()
		r := projectiontest.Follow(t, store, model, follow.Options{})
		r.Await(last + 1000)
		stored, err := model.Load(t.Context())
		if err != nil || stored.Position != last+1000 || stored.Stream != "order-coinbase.2" || stored.Revision != 1 {
			t.Fatalf("checkpoint is %+v, error %v", stored, err)
		}
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		again := projectiontest.Follow(t, real, model, follow.Options{})
		synctest.Wait()
		if err := again.Ready(0); err != nil {
			t.Fatal(err)
		}
	})
}
