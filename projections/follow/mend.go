package follow

import (
	"context"
	"errors"

	"daybook/eventstore"
)

// mend does a part of what a read model that may lose keys has to do between
// batches, and reports whether there is more to do at once.
func (p *Projection) mend(ctx context.Context, stored Checkpoint) (more bool, err error) {
	mender, ok := p.projector.(Mender)
	if !ok {
		return false, nil
	}
	state, err := mender.Mend(ctx, p.store, stored, p.progress.isLive())
	if err != nil {
		return false, err
	}
	if state.Reason != "" || p.progress.isLive() {
		p.tell(state.Reason)
	}
	return state.More, nil
}

// tell notes and logs why the read model is not whole, or that it is.
func (p *Projection) tell(reason string) {
	if p.progress.mending(reason) {
		p.failures.mending(reason)
	}
}

// discard empties a read model that nobody can go on with, unless it is one of
// another log.
func (p *Projection) discard(ctx context.Context, stored Checkpoint, cause error) error {
	mender, ok := p.projector.(Mender)
	if !ok || !errors.Is(cause, ErrLost) {
		return nil
	}
	logID, err := eventstore.LogID(ctx, p.store)
	if err != nil {
		return err
	}
	if stored.LogID != "" && stored.LogID != logID {
		return notOf(stored.LogID, logID)
	}
	p.tell("It has lost what it had, and is filled again from the log")
	return mender.Discard(ctx)
}
