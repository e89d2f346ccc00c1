package balances

import (
	"context"
	"fmt"

	"daybook/projections"
	"daybook/projections/redismodel"
)

// The bounds of what is put together before it is written: the more events
// there are of each user, the fewer commands it takes; but it is in memory.
const (
	maxFillBytes = 48 << 20 // of entries
	maxFillUsers = 200_000  // fewer than maxPurses, so that none of them is forgotten
	maxFillBatch = 1000     // entries and users in one script, and of one user
)

// filling is what a model that is filled has folded, and what of that it has
// written.
type filling struct {
	stored, folded projections.Checkpoint
}

// fill folds a batch, and writes all that was folded when it has become much.
func (r *Redis) fill(ctx context.Context, from, to projections.Checkpoint) error {
	if from != r.filling.folded {
		return fmt.Errorf("%w: position %s was folded, not %s", projections.ErrCheckpointMoved, r.filling.folded.Position, from.Position)
	}
	if r.buffer == nil { // growing it would take the same again
		r.buffer = make([]byte, 0, maxFillBytes+1<<20)
	}
	if err := r.fold(ctx, from, r.filling.stored); err != nil {
		r.filling.folded = projections.Checkpoint{Fold: -1} // until it is loaded again
		return err
	}
	r.purses.written(to)
	r.filling.folded = to
	if len(r.buffer) >= maxFillBytes || len(r.touched) >= maxFillUsers || r.hasHotUser() {
		return r.flush(ctx)
	}
	return nil
}

// hasHotUser reports whether somebody of the last batch has so many entries
// that they fill a script: what one user has is written by one.
func (r *Redis) hasHotUser() bool {
	for i := range r.deltas {
		if p := r.purses.find(r.deltas[i].user); p != nil && len(p.entries) >= maxFillBatch {
			return true
		}
	}
	return false
}

// Flush writes what Apply has put together, if the model is one that is
// filled. Until then Load tells the checkpoint before that, and takes back
// what was not written.
func (r *Redis) Flush(ctx context.Context) error {
	r.applying.Lock()
	defer r.applying.Unlock()
	return r.flush(ctx)
}

func (r *Redis) flush(ctx context.Context) error {
	if r.filling.folded == r.filling.stored {
		return nil
	}
	next := 0
	err := r.model.Fill(ctx, r.filling.stored, r.filling.folded, func() (*redismodel.Batch, bool) {
		b := r.model.NewBatch()
		for values := 0; next < len(r.touched) && values < maxFillBatch; next++ {
			p := r.touched[next]
			values += 1 + len(p.entries)
			p.write(b, r.buffer)
		}
		return b, next == len(r.touched)
	})
	r.forget()
	if err != nil {
		r.purses.valid = false
		r.filling.folded = projections.Checkpoint{Fold: -1} // until it is loaded again
		return fmt.Errorf("fill: %w", err)
	}
	r.filling.stored = r.filling.folded
	return nil
}
