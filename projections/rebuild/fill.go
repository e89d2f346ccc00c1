package rebuild

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cenkalti/backoff/v5"

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

// model is a read model that is filled. Fold and Cut are for one goroutine,
// and Write may be called by another one meanwhile, if each Cut is written
// before the next.
type model interface {
	follow.Projector
	Fold(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) (isFull bool, err error)
	Cut()
	Write(ctx context.Context) error
	Flush(ctx context.Context) error
}

// fill brings one model up to the end of the log.
type fill struct {
	model   model
	log     eventstore.Reader
	folded  follow.Checkpoint // as the model has it
	from    follow.Checkpoint // folded, or the beginning of this log
	proven  follow.Checkpoint // up to here the model was compared
	applied uint64
}

// load reads where the model stands, and whether it is of this log and fold. A
// model that has lost what was compared is for another rebuild: what would be
// filled in its place, nobody has compared.
func (f *fill) load(ctx context.Context) error {
	stored, err := f.model.Load(ctx)
	if err != nil {
		return err
	}
	if stored.Position < f.proven.Position {
		return f.failed(fmt.Errorf("%w: it was compared up to position %s, and is at %s", redismodel.ErrSwitched, f.proven.Position, stored.Position))
	}
	f.folded = stored
	f.from, err = follow.Check(ctx, f.log, f.model.FoldVersion(), f.folded)
	return err
}

// fold folds a batch.
func (f *fill) fold(ctx context.Context, b *batch) (isFull bool, err error) {
	to := f.from
	to.Position, to.EventID, to.Stream, to.Revision = b.last.Position, b.last.ID, b.last.Stream, b.last.Revision
	if isFull, err = f.model.Fold(ctx, f.folded, to, b.events); err != nil {
		return false, f.failed(err)
	}
	f.applied += uint64(len(b.events))
	f.folded, f.from = to, to
	return isFull, nil
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
		most = max(most, f.applied)
	}
	r.result.Events = most
	return most
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
		if err := rest(ctx, delays.NextBackOff()); err != nil {
			return err
		}
		for _, f := range r.fills {
			if err := f.load(ctx); err != nil && !errors.Is(err, follow.ErrUnreachable) {
				return err
			}
		}
	}
}

// rest waits, or returns why ctx has ended.
func rest(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
