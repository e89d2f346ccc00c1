package orders

import (
	"context"
	"fmt"
	"sync"

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
// the orders that it has changed, and the checkpoints before and behind it.
type window struct {
	from, to projections.Checkpoint
	orders   map[order.ID]*Order
	ids      []order.ID
}

// filling is what a model that is filled has folded, and what of that it has
// written. An order that is written with its last event of a window, and then
// again by a filling that goes on from before that, gets no event twice: it
// has the revision of its last one.
type filling struct {
	folded projections.Checkpoint
	making window
	before map[order.ID]*Order // of the window before, which may not be written
	broken error               // nothing goes on until it is loaded again

	writing sync.Mutex // held by Write; guards what follows, behind applying
	cut     window     // that is to be written
	isCut   bool
}

// begin makes a filling go on from a checkpoint.
func (f *filling) begin(stored projections.Checkpoint) {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.folded, f.isCut, f.broken = stored, false, nil
	f.making, f.before = newWindow(stored), nil
}

func newWindow(from projections.Checkpoint) window {
	return window{from: from, orders: make(map[order.ID]*Order)}
}

// Fold is the first half of Apply for a model that is filled: nothing is
// written. It reports whether it is time to Cut and Write.
func (r *Redis) Fold(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) (isFull bool, err error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	f := &r.filling
	switch {
	case f.broken != nil:
		return false, f.broken
	case from != f.folded:
		return false, fmt.Errorf("%w: position %s was folded, not %s", projections.ErrCheckpointMoved, f.folded.Position, from.Position)
	}
	if f.making.orders == nil { // it was never loaded
		f.making = newWindow(from)
	}
	r.known, r.touched = f.making.orders, f.making.ids
	if err = r.fetch(ctx, from, events, f.before); err == nil {
		err = r.putAll(events)
	}
	f.making.ids = r.touched
	r.known, r.touched = nil, nil
	if err != nil {
		f.broken = err
		return false, err
	}
	f.folded = to
	return len(f.making.ids) >= maxFillOrders, nil
}

// Cut makes what was folded the next to Write. What was cut before must be
// written.
func (r *Redis) Cut() {
	r.applying.Lock()
	defer r.applying.Unlock()
	f := &r.filling
	f.writing.Lock()
	defer f.writing.Unlock()
	f.making.to = f.folded
	f.cut, f.isCut = f.making, true
	f.making, f.before = newWindow(f.folded), f.cut.orders
}

// Write writes what was cut, also while more is folded.
func (r *Redis) Write(ctx context.Context) error {
	f := &r.filling
	f.writing.Lock()
	defer f.writing.Unlock()
	if !f.isCut || f.cut.from == f.cut.to {
		return nil
	}
	rest := f.cut.ids
	err := r.model.Fill(ctx, f.cut.from, f.cut.to, func() (*redismodel.Batch, bool, error) {
		n := min(maxFillBatch, len(rest))
		b := r.model.NewBatch()
		err := encode(b, rest[:n], f.cut.orders)
		rest = rest[n:]
		return b, len(rest) == 0, err
	})
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	f.cut, f.isCut = window{}, false
	return nil
}

// Flush writes what Apply or Fold have put together, if the model is one that
// is filled. Until then Load tells the checkpoint before that, and takes back
// what was not written.
func (r *Redis) Flush(ctx context.Context) error {
	if err := r.brokenBy(nil); err != nil {
		return err
	}
	err := r.Write(ctx)
	if err == nil {
		r.Cut()
		err = r.Write(ctx)
	}
	return r.brokenBy(err)
}

// brokenBy notes an error that ends a filling, and returns what has ended it.
func (r *Redis) brokenBy(err error) error {
	r.applying.Lock()
	defer r.applying.Unlock()
	if r.filling.broken == nil {
		r.filling.broken = err
	}
	return r.filling.broken
}

// fill is Apply for a model that is filled.
func (r *Redis) fill(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) error {
	isFull, err := r.Fold(ctx, from, to, events)
	if err == nil && isFull {
		err = r.Flush(ctx)
	}
	return err
}
