package follow_test

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

func TestResumesAfterASubscriptionBreaksAtAnyMessage(t *testing.T) {
	for name, fault := range map[string]error{"with an error": errInjected, "without one": nil} {
		for messages := range 9 {
			t.Run(fmt.Sprintf("%s after %d", name, messages), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					log := open(t, t.TempDir())
					store := &faultyStore{Store: log, deliver: breakAfter(messages, 3, fault)}
					last := log.Pay(5)
					model := balances.NewMemory()
					r := projectiontest.Follow(t, store, model, follow.Options{BatchSize: 4})
					r.Await(last)
					synctest.Wait()
					checkBalance(t, model, 5)
					if status := r.Status(); status.Retries == 0 || status.Err != nil || status.State != follow.Live {
						t.Errorf("status is %+v", status)
					}
				})
			})
		}
	}
}

func TestAdvancesThoughEverySubscriptionBreaks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		log := open(t, t.TempDir())
		store := &faultyStore{Store: log, deliver: breakAfter(3, math.MaxInt, errInjected)}
		last := log.Pay(10)
		model := balances.NewMemory()
		projectiontest.Follow(t, store, model, follow.Options{BatchSize: 10}).Await(last)
		checkBalance(t, model, 10)
	})
}

func TestResumesAfterTheModelFails(t *testing.T) {
	failing := func(call int) error {
		if call%2 == 1 {
			return errInjected
		}
		return nil
	}
	for name, model := range map[string]*faultyModel{
		"nothing written":               {before: failing},
		"written, but the answer lost ": {after: failing},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				store := open(t, t.TempDir())
				last := store.Pay(10)
				memory := balances.NewMemory()
				model.Projector = memory
				r := projectiontest.Follow(t, store, model, follow.Options{BatchSize: 3})
				r.Await(last)
				checkBalance(t, memory, 10)
			})
		})
	}
}

func TestLagGrowsWhileTheModelCannotBeReached(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		var down atomic.Bool
		down.Store(true)
		model := &faultyModel{Projector: balances.NewMemory(), before: func(int) error {
			if down.Load() {
				return errInjected
			}
			return nil
		}}
		r := projectiontest.Follow(t, store, model, follow.Options{})
		last := store.Pay(1)
		time.Sleep(time.Hour) // of the bubble's clock
		synctest.Wait()
		status := r.Status()
		if !errors.Is(status.Err, errInjected) || status.CaughtUp || status.State != follow.CatchingUp {
			t.Errorf("status is %+v", status)
		}
		if status.Lag < time.Hour || status.Lag > time.Hour+time.Second {
			t.Errorf("lag is %s", status.Lag)
		}
		// There are at most 7.5 s between two tries.
		if status.Retries < 480 || status.Retries > 2000 {
			t.Errorf("%d retries in an hour", status.Retries)
		}
		if err := r.Ready(2 * time.Hour); !errors.Is(err, follow.ErrBehind) {
			t.Errorf("ready before the end of the log was reached: %v", err)
		}

		down.Store(false)
		r.Await(last)
		synctest.Wait()
		if err := r.Ready(0); err != nil {
			t.Error(err)
		}

		down.Store(true)
		store.Pay(1)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if err := r.Ready(5 * time.Second); !errors.Is(err, follow.ErrBehind) {
			t.Errorf("ready 10 s behind: %v", err)
		}
		if err := r.Ready(15 * time.Second); err != nil {
			t.Errorf("not ready for reads that may be 15 s old: %v", err)
		}
	})
}

func TestStopsWhileItWaitsToTryAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := &faultyStore{Store: open(t, t.TempDir()), deliver: breakAfter(0, 1000, errInjected)}
		r := projectiontest.Follow(t, store, balances.NewMemory(), follow.Options{})
		time.Sleep(time.Minute)
		synctest.Wait()
		// Delays double from 50 ms to 5 s, each half more or less.
		if status := r.Status(); status.Retries < 8 || status.Retries > 33 {
			t.Errorf("%d retries in a minute", status.Retries)
		}
		began := time.Now()
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("stopping took %s", took)
		}
		if status := r.Status(); status.State != follow.Stopped || status.Err != nil {
			t.Errorf("status is %+v", status)
		}
	})
}
