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

func (r *running) isDamaged() bool {
	err := r.Ready(time.Hour)
	return errors.Is(err, follow.ErrStopped) && errors.Is(err, eventstore.ErrDamaged)
}

// TestDamageThatOneMeetsStopsAllAtOnce has one projection that meets damage, and
// one that follows a log without any.
func TestDamageThatOneMeetsStopsAllAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := payMany(t, store, 3)
		broken := &damagedStore{Store: store, behind: last}
		var text strings.Builder
		options := follow.Options{Alarm: follow.NewAlarm(), Logger: slog.New(slog.NewTextHandler(&text, nil))}
		finder := run(t, balances.NewMemory(), broken, options)
		other := run(t, projectiontest.NewReferenceOrders(), store, options)
		alone := run(t, balances.NewMemory(), store, follow.Options{})
		await(t, finder, last)
		await(t, other, last)

		last = pay(t, store, "one more")
		synctest.Wait() // no time passes
		if !finder.isDamaged() || !other.isDamaged() {
			t.Fatalf("the one is %+v, the other %+v", finder.Status(), other.Status())
		}
		if err := alone.Ready(0); err != nil {
			t.Errorf("a projection of another log: %v", err)
		}
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if !finder.isDamaged() || !other.isDamaged() {
			t.Errorf("later the one is %+v, the other %+v", finder.Status(), other.Status())
		}

		broken.whole.Store(true)
		time.Sleep(20 * time.Second) // each looks again once
		synctest.Wait()
		await(t, finder, last)
		await(t, other, last)
		if err := errors.Join(finder.Ready(0), other.Ready(0)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		for _, r := range []*running{finder, other} {
			if err := r.stop(); err != nil {
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
		last := payMany(t, store, 3)
		broken := &damagedStore{Store: store, behind: last - 2}
		options := follow.Options{Alarm: follow.NewAlarm()}
		both := []*running{run(t, balances.NewMemory(), broken, options), run(t, projectiontest.NewReferenceOrders(), broken, options)}
		time.Sleep(time.Minute) // of the bubble's clock
		synctest.Wait()
		if !both[0].isDamaged() || !both[1].isDamaged() {
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
		last := payMany(t, store, 3)
		options := follow.Options{Alarm: follow.NewAlarm()}
		finder := run(t, balances.NewMemory(), &damagedStore{Store: store}, options)
		synctest.Wait()
		other := run(t, projectiontest.NewReferenceOrders(), store, options)
		synctest.Wait()
		if !finder.isDamaged() || !other.isDamaged() {
			t.Fatalf("they are %+v and %+v", finder.Status(), other.Status())
		}
		if err := finder.stop(); err != nil {
			t.Error(err)
		}
		awaitDamageOver(t, other, last)
	})
}

func awaitDamageOver(t *testing.T, r *running, position eventstore.Position) {
	t.Helper()
	for range 3 {
		time.Sleep(10 * time.Second) // of the bubble's clock
		synctest.Wait()
	}
	if err := r.Ready(0); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	await(t, r, position)
}
