package follow

import (
	"context"
	"fmt"

	"daybook/eventstore"
)

// check is Check of the projection's own log and fold.
func (p *Projection) check(ctx context.Context, stored Checkpoint) (Checkpoint, error) {
	return Check(ctx, p.store, p.projector.FoldVersion(), stored)
}

// Check returns the checkpoint to resume from, or why the read model that has
// stored it cannot go on with this log: an ErrWrongLog or ErrOtherFold. The
// checkpoint of an empty model gets the log's id and the fold's version; that of
// any other stands at its last event.
func Check(ctx context.Context, log eventstore.Reader, fold int, stored Checkpoint) (Checkpoint, error) {
	logID, err := eventstore.LogID(ctx, log)
	if err != nil {
		return Checkpoint{}, err
	}
	if stored == (Checkpoint{}) {
		return Checkpoint{LogID: logID, Fold: fold}, nil
	}
	switch {
	case stored.LogID != logID:
		return Checkpoint{}, notOf(stored.LogID, logID)
	case stored.Fold != fold:
		return Checkpoint{}, fmt.Errorf("%w: %d, this program has %d", ErrOtherFold, stored.Fold, fold)
	case stored.EventID == eventstore.EventID{}:
		stored.Position = 0 // nothing but marks so far
		return stored, nil
	}
	for event, err := range log.Read(ctx, stored.Stream, stored.Revision, eventstore.MustExist) {
		switch {
		case err != nil:
			return Checkpoint{}, fmt.Errorf("look up the last applied event: %w", err)
		case event.ID != stored.EventID || event.Revision != stored.Revision || event.Position > stored.Position:
			return Checkpoint{}, fmt.Errorf("%w: revision %d of %s is event %s at position %s, the read model has applied %s up to position %s: the log was restored from a copy: run `daybook rebuild`",
				ErrWrongLog, stored.Revision, stored.Stream, event.ID, event.Position, stored.EventID, stored.Position)
		}
		// A mark may have moved the position past the event. In a log that was
		// restored from a copy, later events can stand before that mark.
		stored.Position = event.Position
		return stored, nil
	}
	return Checkpoint{}, fmt.Errorf("%w: it ends before position %s: revision %d of %s is missing: the log was restored from a copy: run `daybook rebuild`",
		ErrWrongLog, stored.Position, stored.Revision, stored.Stream)
}

// notOf says that a read model is another log's. Whose it is is for a person to
// find out: they may be those of another daybook that is at work.
func notOf(stored, logID string) error {
	return fmt.Errorf("%w: it belongs to log %s, this is log %s: first check --redis and --redis-prefix, because another daybook may be using these read models; only if nobody does, run `daybook rebuild --replace-other-log`",
		ErrWrongLog, stored, logID)
}
