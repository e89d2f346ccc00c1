package projectiontest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// OrderReader is the public read of a model of orders.
type OrderReader interface {
	Order(ctx context.Context, id order.ID) (orders.Order, error)
}

// RunOrders runs the suite for a model of orders, and what is special to one.
// Open returns an empty model, as its runner and as its readers see it.
func RunOrders(t *testing.T, open func(t *testing.T) (follow.Projector, OrderReader)) {
	Run(t, func(t *testing.T) Subject {
		projector, model := open(t)
		return Subject{Projector: projector, Reads: orderReads(model)}
	})
	t.Run("an unknown order is not found", func(t *testing.T) {
		_, model := open(t)
		if _, err := model.Order(t.Context(), "coinbase.NONE"); !errors.Is(err, orders.ErrNotFound) {
			t.Fatalf("error is %v", err)
		}
	})
	t.Run("an order is the fold of its stream", func(t *testing.T) { testStreams(t, open) })
}

func orderReads(model OrderReader) []Read {
	var reads []Read
	for _, id := range Orders {
		reads = append(reads, func(ctx context.Context) (string, eventstore.Position, error) {
			o, err := model.Order(ctx, id)
			if errors.Is(err, orders.ErrNotFound) {
				return "not found", 0, nil
			}
			at := o.Position
			o.Position = 0
			text, encodeErr := json.Marshal(o)
			return string(text), at, errors.Join(err, encodeErr)
		})
	}
	return reads
}

func testStreams(t *testing.T, open func(*testing.T) (follow.Projector, OrderReader)) {
	rapid.Check(t, func(r *rapid.T) {
		events := History(60).Draw(r, "log")
		projector, model := open(t)
		ApplyBatches(t, projector, events, rapid.IntRange(1, len(events)).Draw(r, "batch"))
		folded := make(map[order.ID]orders.Order)
		for _, event := range events {
			if event.Stream.Category() != order.Category {
				continue
			}
			id := order.ID(event.Stream.ID())
			o, err := orders.Fold(folded[id], event)
			if err != nil {
				r.Fatal(err)
			}
			folded[id] = o
		}
		for id, want := range folded {
			got, err := model.Order(t.Context(), id)
			if err != nil {
				r.Fatal(err)
			}
			want.Position = events[len(events)-1].Position
			same(t, describe(t, got), describe(t, want), fmt.Sprintf("of order %s", id))
		}
	})
}

func describe(t *testing.T, o orders.Order) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
