package balances

import (
	"context"
	"fmt"
	"sync"

	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/redismodel"
)

// The bounds of what is put together before it is written: the more events
// there are of each user, the fewer commands it takes; but it is in memory
// twice, once in the making and once being written.
const (
	maxFillBytes = 16 << 20 // of entries
	maxFillUsers = 120_000  // less than half of maxPurses, so that none of them is forgotten
	maxFillBatch = 1000     // entries and users in one transaction
	maxFillUser  = 4000     // entries of one user, who is in one transaction
)

// filling is what a model that is filled has folded, and what of that it has
// written.
type filling struct {
	folded projections.Checkpoint
	making window // of what was folded last; its users are the touched purses
	words  dictionary
	broken error // nothing goes on until it is loaded again

	writing sync.Mutex // held by Write; guards what follows, behind applying
	cut     window     // that is to be written
	isCut   bool
}

// begin makes a filling go on from a checkpoint.
func (f *filling) begin(stored projections.Checkpoint) {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.folded, f.making.from, f.isCut, f.broken = stored, stored, false, nil
}

// Fold is the first half of Apply for a model that is filled: nothing is
// written. It reports whether it is time to Cut and Write.
func (r *Redis) Fold(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) (isFull bool, err error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	defer func() { clear(r.deltas) }() // they point to the caller's events
	if r.deltas, err = foldAll(r.deltas[:0], events); err != nil {
		return false, err
	}
	f := &r.filling
	switch {
	case f.broken != nil:
		return false, f.broken
	case from != f.folded:
		return false, fmt.Errorf("%w: position %s was folded, not %s", projections.ErrCheckpointMoved, f.folded.Position, from.Position)
	}
	if r.texts == nil { // growing it would take the same again
		r.texts = make([]byte, 0, maxFillBytes+1<<20)
	}
	if err := r.fold(ctx, from); err != nil {
		f.broken = err
		return false, err
	}
	r.purses.written(to)
	f.folded = to
	return len(r.texts) >= maxFillBytes || len(r.touched) >= maxFillUsers || r.hasHotUser(), nil
}

// hasHotUser reports whether somebody of the last batch has as many entries as
// a transaction should write.
func (r *Redis) hasHotUser() bool {
	for i := range r.deltas {
		if p := r.purses.find(r.deltas[i].user); p != nil && p.entries >= maxFillUser {
			return true
		}
	}
	return false
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
	f.making.take(r.touched)
	f.making.packed, f.making.words, r.texts = r.texts, f.words, f.cut.packed[:0]
	f.making, f.cut, f.isCut = f.cut, f.making, true
	f.making.from, f.making.packed = f.folded, nil
	r.forget()
}

// Write writes what was cut, also while more is folded.
func (r *Redis) Write(ctx context.Context) error {
	f := &r.filling
	f.writing.Lock()
	defer f.writing.Unlock()
	if !f.isCut || f.cut.from == f.cut.to {
		return nil
	}
	next, users := 0, f.cut.users
	err := r.model.Fill(ctx, f.cut.from, f.cut.to, func() (*redismodel.Batch, bool, error) {
		b := r.model.NewBatch()
		for values := 0; next < len(users) && values < maxFillBatch; next++ {
			values += 1 + users[next].entries
			f.cut.write(b, &users[next])
		}
		return b, next == len(users), nil
	})
	clear(users) // names
	f.cut.users = users[:0]
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	f.isCut = false
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
