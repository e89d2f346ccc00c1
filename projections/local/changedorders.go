package local

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/domain/codec"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// readStreams is how many streams are read at once: a log on another machine takes as
// long for one as for eight.
const readStreams = 8

// changedOrders are the orders that a batch changes. The status of an order is that of
// its document, which orders folds. No state is kept between batches: of an order that
// began before the batch, its stream is read again.
type changedOrders struct {
	byStream map[eventstore.StreamName]*changedOrder
	all      []*changedOrder
}

// changedOrder has the events of one order in a batch, and then its row.
type changedOrder struct {
	row      ListedOrder
	after    eventstore.Position // after which the first is read
	recorded []*eventstore.Recorded
	decoded  []order.Event
}

// add adds an event of an order, which is read after a position.
func (c *changedOrders) add(recorded *eventstore.Recorded, after eventstore.Position, decoded codec.Event) error {
	event, ok := decoded.(order.Event)
	if !ok {
		return fmt.Errorf("event %s in %s at position %s: %w: %s", recorded.ID, recorded.Stream, recorded.Position, codec.ErrUnknown, recorded.Type)
	}
	o := c.byStream[recorded.Stream]
	if o == nil {
		o = &changedOrder{after: after}
		if c.byStream == nil {
			c.byStream = make(map[eventstore.StreamName]*changedOrder)
		}
		c.byStream[recorded.Stream] = o
		c.all = append(c.all, o)
	}
	o.recorded, o.decoded = append(o.recorded, recorded), append(o.decoded, event)
	return nil
}

// fold makes the rows of the orders.
func (c *changedOrders) fold(ctx context.Context, log eventstore.Reader) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readStreams)
	for _, o := range c.all {
		first := o.recorded[0]
		if o.begins() { // nearly all: no goroutine
			if err := o.fold(orders.Order{}, first.Position); err != nil {
				return errors.Join(err, group.Wait())
			}
			continue
		}
		group.Go(func() error {
			state, created, err := before(ctx, log, first)
			if err != nil {
				return err
			}
			return o.fold(state, created)
		})
	}
	return group.Wait()
}

// fold puts the events of the batch on the state that the order had before.
func (o *changedOrder) fold(state orders.Order, created eventstore.Position) error {
	for i, recorded := range o.recorded {
		var err error
		if state, err = orders.FoldDecoded(state, *recorded, o.decoded[i]); err != nil {
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
	}
	o.row = NewListedOrder(state, created)
	return nil
}

func (o *changedOrder) begins() bool { return o.recorded[0].Revision == 0 }

// keys returns the keys of the orders that begin in the batch.
func (c *changedOrders) keys() (keys []key) {
	for _, o := range c.all {
		if o.begins() {
			for _, hash := range o.row.hashes() {
				keys = append(keys, key{hash, o.row.Created, o.after})
			}
		}
	}
	return keys
}

// write writes the rows, and the keys of orders that began before the batch.
func (c *changedOrders) write(conn *sqlite.Conn) error {
	for _, o := range c.all {
		if err := o.row.write(conn, o.after); err != nil {
			return err
		}
		if o.begins() {
			continue
		}
		for _, hash := range o.row.hashes() {
			err := sqlitex.Execute(conn, "INSERT OR IGNORE INTO keys SELECT ?, created, after FROM orders WHERE created = ?",
				&sqlitex.ExecOptions{Args: []any{hash, int64(o.row.Created)}})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// before returns the state of an order before an event of it, and the position of its
// first event.
func before(ctx context.Context, log eventstore.Reader, event *eventstore.Recorded) (state orders.Order, created eventstore.Position, err error) {
	next := eventstore.Revision(0)
	for e, err := range log.Read(ctx, event.Stream, 0, eventstore.MustExist) {
		if err != nil {
			return state, 0, fmt.Errorf("read %s: %w", event.Stream, err)
		}
		if e.Revision >= event.Revision {
			break
		}
		if next == 0 {
			created = e.Position
		}
		if state, err = orders.Fold(state, e); err != nil {
			return state, 0, fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		next = e.Revision + 1
	}
	if next != event.Revision { // a node that has fallen behind
		return state, 0, fmt.Errorf("%w: %s ends before revision %d, which was delivered", eventstore.ErrUnavailable, event.Stream, event.Revision)
	}
	return state, created, nil
}
