package orders

import (
	"context"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/redismodel"
)

// The bounds of what is put together before it is written. An order's events
// are mostly close together, so that more would save little.
const (
	maxFillOrders = 10_000
	maxFillBatch  = 1000 // orders in one transaction
)

// window is a stretch of the log as it is written to a model that is filled:
// the orders that it has changed.
type window struct {
	orders map[order.ID]*Order
	ids    []order.ID
}

// filling is a model that is filled, as its Filler has it. An order that is
// written with its last event of a window, and then again by a filling that
// goes on from before that, gets no event twice: it has the revision of its
// last one.
type filling struct {
	*Redis
	making window              // of what was folded last
	cut    window              // that is to be written
	before map[order.ID]*Order // of the window before making, which may not be written
}

// Begin implements redismodel.Folder.
func (f *filling) Begin() { f.making, f.cut, f.before = window{}, window{}, nil }

// Fold implements redismodel.Folder.
func (f *filling) Fold(ctx context.Context, from, _ projections.Checkpoint, events []eventstore.Recorded) (isFull bool, err error) {
	if f.making.orders == nil {
		f.making.orders = make(map[order.ID]*Order, maxFillOrders+projections.MaxBatch)
	}
	f.known, f.touched = f.making.orders, f.making.ids
	if err = f.fetch(ctx, from, events, f.before); err == nil {
		err = f.putAll(events)
	}
	f.making.ids = f.touched
	f.known, f.touched = nil, nil
	return len(f.making.ids) >= maxFillOrders, err
}

// Cut implements redismodel.Folder.
func (f *filling) Cut() {
	f.cut, f.making = f.making, window{}
	f.before = f.cut.orders
}

// Next implements redismodel.Folder.
func (f *filling) Next(b *redismodel.Batch) (isLast bool, err error) {
	n := min(maxFillBatch, len(f.cut.ids))
	err = encode(b, f.cut.ids[:n], f.cut.orders)
	f.cut.ids = f.cut.ids[n:]
	return len(f.cut.ids) == 0, err
}
