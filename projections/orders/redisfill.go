package orders

import (
	"context"
	"errors"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// The bounds of what is put together before it is written. An order's events
// are mostly close together, so that more would save little.
const (
	maxFillOrders = 10_000
	maxFillBatch  = 1000 // orders in one transaction
)

// filling is a model that is filled, as its Filler has it. An order that is
// written with its last event of a window, and then again by a filling that
// goes on from before that, gets no event twice: it has the revision of its
// last one.
type filling struct {
	*Redis
	making window // of what was folded last
	cut    window // that is to be written; Fold looks into it, because it may not be written
	next   int    // of its orders
}

// Begin implements redismodel.Folder.
func (f *filling) Begin() {
	f.making.reset()
	f.cut.reset()
	f.next = 0
}

// Fold implements redismodel.Folder.
func (f *filling) Fold(ctx context.Context, from, _ follow.Checkpoint, events []eventstore.Recorded) (isFull bool, err error) {
	if err = f.aim(ctx, from, events); err == nil {
		err = f.putAll(events)
	}
	return len(f.making.orders) >= maxFillOrders, err
}

// aim finds the orders that events have to be put on. Those that are paid and
// nothing else need not be put, and are added to the window as they are.
func (f *filling) aim(ctx context.Context, from follow.Checkpoint, events []eventstore.Recorded) error {
	var unknown []*Order
	f.targets = f.targets[:0]
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Stream == events[0].Stream {
			n++
		}
		target, isKnown, err := f.target(events[:n])
		if err != nil {
			return err
		}
		if !isKnown && events[0].Revision > 0 {
			unknown = append(unknown, target)
		}
		for range n {
			f.targets = append(f.targets, target)
		}
		events = events[n:]
	}
	stored, err := f.fetchStored(ctx, from, unknown)
	for i := 0; err == nil && i < len(stored); i++ {
		if !errors.Is(stored[i].Err(), redis.Nil) { // no key is an order without events so far
			err = decodeStored(stored[i], unknown[i])
		}
	}
	return err
}

// target returns the order that events of one stream have to be put on, or nil
// if there is none, and whether all is known of it.
func (f *filling) target(events []eventstore.Recorded) (target *Order, isKnown bool, err error) {
	if events[0].Stream.Category() != order.Category {
		return nil, true, nil
	}
	id := order.ID(events[0].Stream.ID())
	if target, err = f.making.open(id); target != nil || err != nil {
		return target, true, err
	}
	if o, ok := asPaid(events); ok {
		f.making.addPaid(id, &o)
		return nil, true, nil
	}
	target = &Order{ID: id}
	known, err := f.cut.find(id)
	if known != nil {
		*target = *known
	}
	f.making.add(id, target, events[0].Revision == 0)
	return target, known != nil, err
}

// Cut implements redismodel.Folder.
func (f *filling) Cut() {
	f.making, f.cut, f.next = f.cut, f.making, 0
	f.making.reset()
}

// Next implements redismodel.Folder.
func (f *filling) Next(b *redismodel.Batch) (isLast bool, err error) {
	for end := min(f.next+maxFillBatch, len(f.cut.orders)); f.next < end && err == nil; f.next++ {
		err = f.cut.write(b, f.next)
	}
	return f.next == len(f.cut.orders), err
}
