package orders_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// flushed is a model that is filled, and writes every batch.
type flushed struct {
	*orders.Redis
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
	projectiontest.RunOrders(t, func(t *testing.T) (projections.Projector, projectiontest.OrderReader) {
		model := orders.NewRedis(server.Store(t), redismodel.Filling(1))
		return flushed{model, new(sync.Mutex)}, model
	})
}

// A filling that is broken off between any two of its transactions, or whose
// answer is lost, goes on without putting anything twice, whatever the batches
// are.
func TestAFillingIsBrokenOffAnywhereAndGoesOn(t *testing.T) {
	events := projectiontest.Sample(4000)
	want := orders.NewMemory()
	apply(t, want, events)
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	for broken := range 8 {
		store := redistest.Connect(t, redismodel.Options{URL: proxy.URL(), Prefix: fmt.Sprintf("{%d}", broken)})
		model := orders.NewRedis(store, redismodel.Filling(1))
		failures := 0
		for attempt := 0; ; attempt++ {
			if broken%2 == 1 { // another process goes on
				model = orders.NewRedis(store, redismodel.Filling(1))
			}
			if attempt < 3 {
				proxy.LoseAfter(1+broken+attempt, 1)
			} else {
				proxy.LoseAfter(0, 0)
			}
			err := fillRest(t, model, events, 150+40*broken+attempt)
			if err == nil {
				break
			}
			if !errors.Is(err, projections.ErrUnreachable) {
				t.Fatal(err)
			}
			failures++
		}
		proxy.LoseAfter(0, 0)
		if failures == 0 {
			t.Fatal("nothing was broken off")
		}
		compared := make(map[order.ID]bool)
		for _, event := range events {
			if id := order.ID(event.Stream.ID()); event.Stream.Category() == order.Category && !compared[id] {
				compared[id] = true
				same(t, model, want, id)
			}
		}
	}
}

func same(t *testing.T, model, want projectiontest.OrderReader, id order.ID) {
	t.Helper()
	got, err := model.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := want.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got.Position, wanted.Position = 0, 0
	if a, b := asJSON(t, got), asJSON(t, wanted); a != b {
		t.Fatalf("the model says\n%s\nwant\n%s", a, b)
	}
}

// fillRest fills a model with the events behind its checkpoint.
func fillRest(t *testing.T, model *orders.Redis, events []eventstore.Recorded, size int) error {
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
		if from = to; len(events)%3 == 0 {
			if err := model.Flush(t.Context()); err != nil {
				return err
			}
		}
	}
	return model.Flush(t.Context())
}

func asJSON(t *testing.T, o orders.Order) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
