package rebuild

import (
	"context"
	"math"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"daybook/eventstore"
	"daybook/projections"
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
// position. Each has a goroutine: while one waits for Redis the other has the
// processor, and the next batches are read meanwhile.
func (r *rebuild) runThrough(ctx context.Context, until eventstore.Position, fills ...*fill) error {
	group, ctx := errgroup.WithContext(ctx)
	free := make(chan *batch, batchesAhead+2)
	for range cap(free) {
		free <- &batch{events: make([]eventstore.Recorded, 0, projections.MaxBatch)}
	}
	queues := make([]chan *batch, len(fills))
	for i, f := range fills {
		queue := make(chan *batch, cap(free)) // never full
		queues[i] = queue
		group.Go(func() error {
			for b := range queue {
				if err := f.apply(ctx, b); err != nil {
					return err
				}
				if b.users.Add(-1) == 0 {
					r.tell(b.last.Position)
					clear(b.events)
					b.events = b.events[:0]
					free <- b
				}
			}
			return nil
		})
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

func (r *rebuild) tell(position eventstore.Position) {
	r.Told(Step{Stage: Filling, Text: "filling generation " + r.next.String(), Done: uint64(position), Total: uint64(max(r.end, position))})
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
