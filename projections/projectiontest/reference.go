package projectiontest

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// ReferenceOrders keeps orders in a map: the plainest model that there can be, to
// hold others against. It implements follow.Projector.
type ReferenceOrders struct {
	mu         sync.Mutex
	checkpoint follow.Checkpoint
	orders     map[order.ID]orders.Order
}

// NewReferenceOrders returns an empty model.
func NewReferenceOrders() *ReferenceOrders {
	return &ReferenceOrders{orders: make(map[order.ID]orders.Order)}
}

// Name implements follow.Projector.
func (*ReferenceOrders) Name() string { return orders.Name }

// FoldVersion implements follow.Projector.
func (*ReferenceOrders) FoldVersion() int { return orders.FoldVersion }

// Load implements follow.Projector.
func (m *ReferenceOrders) Load(context.Context) (follow.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.checkpoint, nil
}

// Apply implements follow.Projector.
func (m *ReferenceOrders) Apply(_ context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checkpoint != from {
		return follow.ErrCheckpointMoved
	}
	folded := maps.Clone(m.orders)
	for _, e := range events {
		if e.Stream.Category() != order.Category {
			continue
		}
		id := order.ID(e.Stream.ID())
		o, err := orders.Fold(folded[id], e)
		if err != nil {
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		folded[id] = o
	}
	m.orders, m.checkpoint = folded, to
	return nil
}

// Order returns the state of an order.
func (m *ReferenceOrders) Order(_ context.Context, id order.ID) (orders.Order, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, found := m.orders[id]
	o.Position = m.checkpoint.Position
	if !found {
		return o, orders.ErrNotFound
	}
	return o, nil
}
