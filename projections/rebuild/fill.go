package rebuild

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
	"daybook/projections/verify"
)

const (
	// patience is how long Redis may be away before a rebuild gives up. Its
	// work is kept.
	patience = 30 * time.Second

	// closeEnough is how many events a filling may leave for the next: a log
	// that grows is never reached for good.
	closeEnough = follow.MaxBatch
)

// fill brings one model up to the end of the log.
type fill struct {
	open    func() follow.Projector
	model   follow.Projector
	log     eventstore.Reader
	stored  follow.Checkpoint // in the model
	from    follow.Checkpoint // stored, or the beginning of this log
	proven  follow.Checkpoint // up to here the model was compared
	applied atomic.Uint64     // events
	reached atomic.Uint64     // position
}

// load reads where the model stands, and whether it is of this log and fold. A
// model that has lost what was compared is for another rebuild: what would be
// filled in its place, nothing has compared.
func (f *fill) load(ctx context.Context) error {
	stored, err := f.model.Load(ctx)
	if err != nil {
		return err
	}
	if stored.Position < f.proven.Position {
		return f.failed(fmt.Errorf("%w: it was compared up to position %s, and is at %s", redismodel.ErrSwitched, f.proven.Position, stored.Position))
	}
	f.stored = stored
	f.from, err = follow.Check(ctx, f.log, f.model.FoldVersion(), f.stored)
	return err
}

// pass applies the log up to its end. Told hears of each batch.
func (f *fill) pass(ctx context.Context, told func()) error {
	batch := make([]eventstore.Recorded, 0, follow.MaxBatch)
	for event, err := range f.log.ReadAll(ctx, f.from.Position) {
		if err != nil {
			return err
		}
		if batch = append(batch, event); len(batch) < cap(batch) {
			continue
		}
		if err := f.apply(ctx, batch); err != nil {
			return err
		}
		batch = batch[:0]
		told()
	}
	if err := context.Cause(ctx); err != nil || len(batch) == 0 {
		return err
	}
	if err := f.apply(ctx, batch); err != nil {
		return err
	}
	told()
	return nil
}

// apply applies a batch. It does not end in the middle when the work is
// interrupted: what is acknowledged need not be done again.
func (f *fill) apply(ctx context.Context, batch []eventstore.Recorded) error {
	to, last := f.from, &batch[len(batch)-1]
	to.Position, to.EventID, to.Stream, to.Revision = last.Position, last.ID, last.Stream, last.Revision
	if err := f.model.Apply(context.WithoutCancel(ctx), f.stored, to, batch); err != nil {
		return f.failed(err)
	}
	f.stored, f.from = to, to
	f.applied.Add(uint64(len(batch)))
	f.reached.Store(uint64(to.Position))
	return nil
}

func (f *fill) failed(err error) error {
	return fmt.Errorf("projection %s: %w", f.model.Name(), err)
}

// fill brings all models up to the end of the log, until what is recorded
// meanwhile is little, or does not become much less any more.
func (r *rebuild) fill(ctx context.Context) error {
	if r.Gapless && r.end == 0 {
		var err error
		if r.end, err = verify.Estimate(ctx, r.Log); err != nil {
			return err
		}
	}
	for before := uint64(math.MaxUint64); ; {
		start := r.applied()
		if err := r.catchUp(ctx); err != nil {
			return err
		}
		applied := r.applied() - start
		if applied <= closeEnough || applied > before/2 {
			return nil
		}
		before = applied
	}
}

func (r *rebuild) applied() (most uint64) {
	for _, f := range r.fills {
		most = max(most, f.applied.Load())
	}
	r.result.Events = most
	return most
}

// pass applies the log to all models, each at its own pace.
func (r *rebuild) pass(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, f := range r.fills {
		group.Go(func() error { return f.pass(ctx, r.tell) })
	}
	return group.Wait()
}

// tell tells how far the model is that has most before it. Where positions have
// gaps, the end is not known.
func (r *rebuild) tell() {
	r.telling.Lock()
	defer r.telling.Unlock()
	step := Step{Stage: Filling, Text: "filling generation " + r.next.String(), Done: math.MaxUint64}
	for _, f := range r.fills {
		if r.Gapless {
			step.Done = min(step.Done, f.reached.Load())
		} else {
			step.Done = min(step.Done, f.applied.Load())
		}
	}
	if r.Gapless {
		step.Total = max(uint64(r.end), step.Done)
	}
	r.Told(step)
}

// catchUp applies what the log has, and goes on when Redis was away or has
// lost what was written.
func (r *rebuild) catchUp(ctx context.Context) error {
	delays := &backoff.ExponentialBackOff{InitialInterval: 50 * time.Millisecond, MaxInterval: 2 * time.Second, Multiplier: 2, RandomizationFactor: 0.5}
	lost, failures := time.Now(), 0
	for {
		before := r.applied()
		err := r.pass(ctx)
		if r.applied() > before {
			lost, failures = time.Now(), 0
			delays.Reset()
		}
		failures++
		switch {
		case err == nil, ctx.Err() != nil:
			return err
		case errors.Is(err, follow.ErrUnreachable) && time.Since(lost) < patience:
		case errors.Is(err, follow.ErrCheckpointMoved) && failures < tries:
		default:
			return fmt.Errorf("%w: what is filled is kept, and `daybook rebuild` goes on with it", err)
		}
		if err := follow.Rest(ctx, delays.NextBackOff()); err != nil {
			return err
		}
		for _, f := range r.fills {
			if err := f.load(ctx); err != nil && !errors.Is(err, follow.ErrUnreachable) {
				return err
			}
		}
	}
}
