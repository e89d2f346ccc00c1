package redismodel

import (
	"context"
	"fmt"
	"sync"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// Folder is what a model does by itself while it is filled. Its methods are
// called one at a time, but for Next, which may be called during a Fold.
type Folder interface {
	// Begin forgets what was folded and may not be stored.
	Begin()

	// Fold puts the events between two checkpoints on what was folded before. It
	// reports whether that is as much as should be written together.
	Fold(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) (isFull bool, err error)

	// Cut makes what was folded the next to be written.
	Cut()

	// Next adds to a batch as much of what was cut as one transaction should
	// write, and reports whether that was the last of it.
	Next(b *Batch) (isLast bool, err error)
}

// Filler fills a model that was opened with Filling: while Redis is given one
// stretch of the log, the next one is folded. Load, Fold and Cut are for one
// goroutine. Write may be called by another one meanwhile, if each Cut is
// written before the next. After an error nothing goes on until Load.
type Filler struct {
	model  *Model
	folder Folder

	folding sync.Mutex        // held by Load, Fold and Cut; guards what follows
	begun   follow.Checkpoint // what was folded and not cut begins here,
	folded  follow.Checkpoint // and ends here
	broken  error

	writing  sync.Mutex        // held by Write; guards what follows, behind folding
	from, to follow.Checkpoint // of what was cut
	isCut    bool              // and is not written
}

// NewFiller returns a filler of a model.
func NewFiller(model *Model, folder Folder) *Filler { return &Filler{model: model, folder: folder} }

// Load returns the stored checkpoint, as Model.Load does, and takes back what
// was not written.
func (f *Filler) Load(ctx context.Context) (follow.Checkpoint, error) {
	f.folding.Lock()
	defer f.folding.Unlock()
	f.writing.Lock()
	defer f.writing.Unlock()
	stored, err := f.model.Load(ctx)
	f.begun, f.folded, f.broken, f.isCut = stored, stored, err, false
	f.folder.Begin()
	return stored, err
}

// Apply is follow.Projector's: Fold, and Flush when it is time. Until
// then Load tells the checkpoint before.
func (f *Filler) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	isFull, err := f.Fold(ctx, from, to, events)
	if err == nil && isFull {
		err = f.Flush(ctx)
	}
	return err
}

// Fold is the first half of Apply: nothing is written. It reports whether it
// is time to Cut and Write.
func (f *Filler) Fold(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) (isFull bool, err error) {
	f.folding.Lock()
	defer f.folding.Unlock()
	switch {
	case f.broken != nil:
		return false, f.broken
	case from != f.folded:
		return false, fmt.Errorf("%w: position %s was folded, not %s", follow.ErrCheckpointMoved, f.folded.Position, from.Position)
	}
	if isFull, err = f.folder.Fold(ctx, from, to, events); err != nil {
		f.broken = err
		return false, err
	}
	f.folded = to
	return isFull, nil
}

// Cut makes what was folded the next to Write.
func (f *Filler) Cut() {
	f.folding.Lock()
	defer f.folding.Unlock()
	f.writing.Lock()
	defer f.writing.Unlock()
	f.folder.Cut()
	f.from, f.to, f.isCut = f.begun, f.folded, true
	f.begun = f.folded
}

// Write writes what was cut, if that was not done yet.
func (f *Filler) Write(ctx context.Context) error {
	if err := f.brokenBy(nil); err != nil {
		return err
	}
	return f.brokenBy(f.write(ctx))
}

func (f *Filler) write(ctx context.Context) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	if !f.isCut || f.from == f.to {
		return nil
	}
	if err := f.model.Fill(ctx, f.from, f.to, f.folder.Next); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	f.isCut = false
	return nil
}

// brokenBy notes an error that ends a filling, and returns what has ended it.
func (f *Filler) brokenBy(err error) error {
	f.folding.Lock()
	defer f.folding.Unlock()
	if f.broken == nil {
		f.broken = err
	}
	return f.broken
}

// Flush writes all that was folded.
func (f *Filler) Flush(ctx context.Context) error {
	if err := f.Write(ctx); err != nil {
		return err
	}
	f.Cut()
	return f.Write(ctx)
}
