package rebuild

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// batchesAhead bounds what is read before it can be written.
const batchesAhead = 4

// batch is what is applied at one time. All models that stand at the same
// place are given the same one.
type batch struct {
	events []eventstore.Recorded
	last   eventstore.Recorded
	users  atomic.Int32 // models that have not applied it
}

// pass applies the log up to its end. A model that is behind another one is
// brought to its place first, so that the log is read once for both.
func (r *rebuild) pass(ctx context.Context) error {
	furthest := eventstore.Position(0)
	for _, f := range r.fills {
		furthest = max(furthest, f.from.Position)
	}
	for _, f := range r.fills {
		if f.from.Position < furthest {
			if err := r.runThrough(ctx, furthest, f); err != nil {
				return err
			}
		}
	}
	return r.runThrough(ctx, math.MaxInt64, r.fills...)
}

// runThrough applies the log to models that stand at the same place, up to a
// position. When it is broken off, what was folded is written all the same.
func (r *rebuild) runThrough(ctx context.Context, until eventstore.Position, fills ...*fill) error {
	err := r.foldThrough(ctx, until, fills)
	if err != nil && (ctx.Err() == nil || errors.Is(context.Cause(ctx), ErrLocked)) {
		return err // they are loaded before they go on
	}
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	group := new(errgroup.Group)
	for _, f := range fills {
		group.Go(func() error {
			if err := f.model.Flush(writing); err != nil {
				return f.failed(err)
			}
			return nil
		})
	}
	if fault := group.Wait(); err == nil {
		err = fault
	}
	return err
}

// foldThrough is runThrough without the end of what was folded. Each model
// has a goroutine that folds and one that writes: while Redis has one stretch
// of the log, the next one is folded.
func (r *rebuild) foldThrough(ctx context.Context, until eventstore.Position, fills []*fill) error {
	group, ctx := errgroup.WithContext(ctx)
	free := make(chan *batch, batchesAhead+2)
	for range cap(free) {
		free <- &batch{events: make([]eventstore.Recorded, 0, follow.MaxBatch)}
	}
	queues := make([]chan *batch, len(fills))
	for i, f := range fills {
		queue := make(chan *batch, cap(free)) // never full
		queues[i] = queue
		cuts, written := make(chan struct{}, 1), make(chan struct{}, 1)
		written <- struct{}{}
		group.Go(func() error {
			defer close(cuts)
			return r.foldAll(ctx, f, queue, free, cuts, written)
		})
		group.Go(func() error { return f.writeAll(ctx, cuts, written) })
	}
	after := fills[0].from.Position
	group.Go(func() error {
		defer func() {
			for _, queue := range queues {
				close(queue)
			}
		}()
		return read(ctx, r.Log, after, until, free, func(b *batch) {
			b.users.Store(int32(len(queues)))
			for _, queue := range queues {
				queue <- b
			}
		})
	})
	return group.Wait()
}

// foldAll folds batches, and cuts when what was cut before is written.
func (r *rebuild) foldAll(ctx context.Context, f *fill, queue <-chan *batch, free chan<- *batch, cuts chan<- struct{}, written <-chan struct{}) error {
	for b := range queue {
		isFull, err := f.fold(ctx, b)
		if err != nil {
			return err
		}
		if b.users.Add(-1) == 0 {
			r.tell(b)
			clear(b.events)
			b.events = b.events[:0]
			free <- b
		}
		if !isFull {
			continue
		}
		select {
		case <-written:
			f.model.Cut()
			cuts <- struct{}{}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// writeAll writes what is cut. A stretch is not broken off in the middle when
// the work is interrupted: it takes a moment, and would have to be done again.
func (f *fill) writeAll(ctx context.Context, cuts <-chan struct{}, written chan<- struct{}) error {
	for range cuts {
		if err := f.model.Write(context.WithoutCancel(ctx)); err != nil {
			return f.failed(err)
		}
		written <- struct{}{}
	}
	return nil
}

// tell tells how far the filling is. Where positions have gaps, its end is not
// known.
func (r *rebuild) tell(b *batch) {
	step := Step{Stage: Filling, Text: "filling generation " + r.next.String()}
	if r.Gapless {
		step.Done, step.Total = uint64(b.last.Position), uint64(max(r.end, b.last.Position))
	} else {
		step.Done = r.folded.Add(uint64(len(b.events)))
	}
	r.Told(step)
}

// read cuts the log into batches.
func read(ctx context.Context, log eventstore.Reader, after, until eventstore.Position, free <-chan *batch, pass func(*batch)) error {
	var b *batch
	for event, err := range log.ReadAll(ctx, after) {
		if err != nil {
			return err
		}
		if event.Position > until {
			break
		}
		if b == nil {
			select {
			case b = <-free:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		b.events, b.last = append(b.events, event), event
		if len(b.events) == cap(b.events) {
			pass(b)
			b = nil
		}
	}
	if b != nil {
		pass(b)
	}
	return nil
}
