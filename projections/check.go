package projections

import (
	"context"
	"fmt"

	"daybook/eventstore"
)

// check returns the checkpoint to resume from, or why the read model that has
// stored it cannot go on with this log: an ErrWrongLog or ErrOtherFold. The
// checkpoint of an empty model gets the log's id and the fold's version.
func (p *Projection) check(ctx context.Context, stored Checkpoint) (Checkpoint, error) {
	logID, err := eventstore.LogID(ctx, p.store)
	if err != nil {
		return Checkpoint{}, err
	}
	if stored == (Checkpoint{}) {
		return Checkpoint{LogID: logID, Fold: p.projector.FoldVersion()}, nil
	}
	switch {
	case stored.LogID != logID:
		return Checkpoint{}, fmt.Errorf("%w: it belongs to log %s, this is %s", ErrWrongLog, stored.LogID, logID)
	case stored.Fold != p.projector.FoldVersion():
		return Checkpoint{}, fmt.Errorf("%w: %d, this program has %d", ErrOtherFold, stored.Fold, p.projector.FoldVersion())
	case stored.EventID == eventstore.EventID{}:
		return stored, nil // nothing but marks so far
	}
	for event, err := range p.store.Read(ctx, stored.Stream, stored.Revision) {
		switch {
		case err != nil:
			return Checkpoint{}, fmt.Errorf("look up the last applied event: %w", err)
		case event.ID != stored.EventID || event.Revision != stored.Revision || event.Position > stored.Position:
			return Checkpoint{}, fmt.Errorf("%w: revision %d of %s is event %s at position %s, the read model has applied %s up to position %s",
				ErrWrongLog, stored.Revision, stored.Stream, event.ID, event.Position, stored.EventID, stored.Position)
		}
		return stored, nil
	}
	return Checkpoint{}, fmt.Errorf("%w: it ends before position %s: revision %d of %s is missing",
		ErrWrongLog, stored.Position, stored.Revision, stored.Stream)
}
