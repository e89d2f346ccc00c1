package balances_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// flushed is a model that is filled, and writes every batch.
type flushed struct {
	*balances.Redis
	mu *sync.Mutex
}

func (f flushed) Apply(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.Redis.Apply(ctx, from, to, events); err != nil {
		return err
	}
	return f.Flush(ctx)
}

func TestRedisFilling(t *testing.T) {
	server := redistest.Start(t)
	projectiontest.RunBalances(t, func(t *testing.T) (projections.Projector, projectiontest.Balances) {
		model := balances.NewRedis(server.Store(t), redismodel.Filling(1))
		return flushed{model, new(sync.Mutex)}, model
	})
}

// A filling that is broken off between any two of its scripts, or whose answer
// is lost, goes on without counting anything twice, whatever the batches are.
func TestAFillingIsBrokenOffAnywhereAndGoesOn(t *testing.T) {
	const users = 2500
	events := pairs(t, 6000, users)
	want := balances.NewMemory()
	apply(t, want, events)
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	for broken := range 12 {
		store := redistest.Connect(t, redismodel.Options{URL: proxy.URL(), Prefix: fmt.Sprintf("{%d}", broken)})
		size := 300 + 50*broken
		failures := 0
		model := balances.NewRedis(store, redismodel.Filling(1))
		for attempt := 0; ; attempt++ {
			if broken%2 == 1 { // another process goes on
				model = balances.NewRedis(store, redismodel.Filling(1))
			}
			if attempt < 3 {
				proxy.LoseAfter(1+broken+attempt, 1)
			} else {
				proxy.LoseAfter(0, 0)
			}
			err := fillRest(t, model, events, size+attempt)
			if err == nil {
				break
			}
			if !errors.Is(err, projections.ErrUnreachable) {
				t.Fatal(err)
			}
			failures++
		}
		if failures == 0 {
			t.Fatal("nothing was broken off")
		}
		for user := range users {
			name := fmt.Sprintf("user-%d", user)
			if got, wanted := all(t, model, name), all(t, want, name); got != wanted {
				t.Fatalf("broken off %d times, the model says\n%s\nwant\n%s", failures, got, wanted)
			}
		}
	}
}

// fillRest fills a model with the events behind its checkpoint.
func fillRest(t *testing.T, model *balances.Redis, events []eventstore.Recorded, size int) error {
	t.Helper()
	from, err := model.Load(t.Context())
	if err != nil {
		return err
	}
	for len(events) > 0 && events[0].Position <= from.Position {
		events = events[1:]
	}
	for n := 0; len(events) > 0; events = events[n:] {
		n = min(size, len(events))
		to := projections.Checkpoint{LogID: "log", Position: events[n-1].Position, Fold: 1}
		if err := model.Apply(t.Context(), from, to, events[:n]); err != nil {
			return err
		}
		if from = to; len(events)%4 == 0 {
			if err := model.Flush(t.Context()); err != nil {
				return err
			}
		}
	}
	return model.Flush(t.Context())
}

// all is what a model says of a user.
func all(t *testing.T, model projectiontest.Balances, user string) string {
	t.Helper()
	balance, err := model.Balance(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	page, err := model.Entries(t.Context(), user, 0, balances.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	balance.Position, page.Position = 0, 0
	return fmt.Sprintf("%+v\n%+v", balance, page)
}

// A filler that was held up while another one went on writes nothing more.
func TestASecondFillerShutsTheFirstOut(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	events := pairs(t, 3000, 2500)
	first, second := balances.NewRedis(store, redismodel.Filling(1)), balances.NewRedis(store, redismodel.Filling(1))
	to := projections.Checkpoint{LogID: "log", Position: events[999].Position, Fold: 1}
	for _, model := range []*balances.Redis{first, second} {
		from, err := model.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := model.Apply(t.Context(), from, to, events[:1000]); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Flush(t.Context()); !errors.Is(err, projections.ErrCheckpointMoved) {
		t.Fatalf("the first filler is told %v", err)
	}
	if err := fillRest(t, first, events, 500); err != nil {
		t.Fatal(err)
	}
	want := balances.NewMemory()
	apply(t, want, events)
	for user := range 100 {
		name := fmt.Sprintf("user-%d", user)
		if got, wanted := all(t, first, name), all(t, want, name); got != wanted {
			t.Fatalf("the model says\n%s\nwant\n%s", got, wanted)
		}
	}
}
