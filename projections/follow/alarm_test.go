package follow_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

// damagedStore is a store in which one subscriber meets damage behind a
// position, until it is mended.
type damagedStore struct {
	eventstore.Store
	behind eventstore.Position
	whole  atomic.Bool
}

var errDamage = &eventstore.Damage{Stream: "order-coinbase.SECRET", What: "was deleted"}

func (s *damagedStore) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	messages := s.Store.Subscribe(ctx, after, include...)
	return func(yield func(eventstore.Message, error) bool) {
		for message, err := range messages {
			if message.Position > s.behind && !s.whole.Load() {
				yield(eventstore.Message{}, errDamage)
				return
			}
			if !yield(message, err) {
				return
			}
		}
	}
}

func isDamaged(r *projectiontest.Running) bool {
	err := r.Ready(time.Hour)
	return errors.Is(err, follow.ErrStopped) && errors.Is(err, eventstore.ErrDamaged)
}

// TestDamageThatOneMeetsStopsAllAtOnce has one projection that meets damage, and
// one that follows a log without any.
func TestDamageThatOneMeetsStopsAllAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(3)
		broken := &damagedStore{Store: store, behind: last}
		var text strings.Builder
		options := follow.Options{Alarm: follow.NewAlarm(), Logger: slog.New(slog.NewTextHandler(&text, nil))}
		finder := projectiontest.Follow(t, broken, balances.NewMemory(), options)
		other := projectiontest.Follow(t, store, projectiontest.NewReferenceOrders(), options)
		alone := projectiontest.Follow(t, store, balances.NewMemory(), follow.Options{})
		finder.Await(last)
		other.Await(last)

		last = store.Pay(1)
		synctest.Wait() // no time passes
		if !isDamaged(finder) || !isDamaged(other) {
			t.Fatalf("the one is %+v, the other %+v", finder.Status(), other.Status())
		}
		if err := alone.Ready(0); err != nil {
			t.Errorf("a projection of another log: %v", err)
		}
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if !isDamaged(finder) || !isDamaged(other) {
			t.Errorf("later the one is %+v, the other %+v", finder.Status(), other.Status())
		}

		broken.whole.Store(true)
		time.Sleep(20 * time.Second) // each looks again once
		synctest.Wait()
		finder.Await(last)
		other.Await(last)
		if err := errors.Join(finder.Ready(0), other.Ready(0)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		for _, r := range []*projectiontest.Running{finder, other} {
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
		}
		if strings.Contains(text.String(), "SECRET") || !strings.Contains(text.String(), "order-…") {
			t.Errorf("the lines are\n%s", text.String())
		}
	})
}

// TestTwoThatMeetDamageDoNotWaitForEachOther has both stop at the same place.
func TestTwoThatMeetDamageDoNotWaitForEachOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(3)
		broken := &damagedStore{Store: store, behind: last - 2}
		options := follow.Options{Alarm: follow.NewAlarm()}
		both := []*projectiontest.Running{projectiontest.Follow(t, broken, balances.NewMemory(), options), projectiontest.Follow(t, broken, projectiontest.NewReferenceOrders(), options)}
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if !isDamaged(both[0]) || !isDamaged(both[1]) {
			t.Fatalf("they are %+v and %+v", both[0].Status(), both[1].Status())
		}
		broken.whole.Store(true)
		for _, r := range both {
			awaitDamageOver(t, r, last)
		}
	})
}

// TestWhoEndsTakesItsAlarmAlong lets the other find out for itself.
func TestWhoEndsTakesItsAlarmAlong(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(3)
		options := follow.Options{Alarm: follow.NewAlarm()}
		finder := projectiontest.Follow(t, &damagedStore{Store: store}, balances.NewMemory(), options)
		synctest.Wait()
		other := projectiontest.Follow(t, store, projectiontest.NewReferenceOrders(), options)
		synctest.Wait()
		if !isDamaged(finder) || !isDamaged(other) {
			t.Fatalf("they are %+v and %+v", finder.Status(), other.Status())
		}
		if err := finder.Stop(); err != nil {
			t.Error(err)
		}
		awaitDamageOver(t, other, last)
	})
}

func awaitDamageOver(t *testing.T, r *projectiontest.Running, position eventstore.Position) {
	t.Helper()
	for range 3 {
		time.Sleep(10 * time.Second) // of the bubble's clock
		synctest.Wait()
	}
	if err := r.Ready(0); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	r.Await(position)
}
