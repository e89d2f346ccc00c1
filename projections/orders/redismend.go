package orders

import (
	"context"
	"fmt"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
)

// mendOrders is how many orders are made again between two batches.
const mendOrders = 200

// Mend implements follow.Mender. An order that is lost is folded from its
// own stream.
func (r *Redis) Mend(ctx context.Context, log eventstore.Reader, stored follow.Checkpoint, isLive bool) (follow.Mending, error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	state, err := r.model.Inspect(ctx, isLive)
	if err != nil || !r.model.HasLost() {
		return state, err
	}
	until, err := lastApplied(ctx, log, stored)
	if err != nil {
		return state, err
	}
	names := r.model.Lost(mendOrders)
	b := r.model.NewBatch()
	for _, name := range names {
		o, isKnown, err := foldStream(ctx, log, order.ID(name), until)
		switch {
		case err != nil:
			return state, err
		case !isKnown:
			b.Clear(redismodel.KindOrder, name)
			continue
		}
		if err := write(b, &o, true); err != nil {
			return state, err
		}
	}
	if err := r.model.Write(ctx, stored, stored, b); err != nil {
		return state, err
	}
	for _, name := range names {
		r.model.Unmark(name)
	}
	r.last = nil // of what was lost it has nothing
	return state, nil
}

// lastApplied returns where the last event of a checkpoint is. A copy of the log
// that lags behind may not have it, and then streams end too early in it as well.
// A mark may have moved the position of the checkpoint past the event; in a log
// that was restored from a copy, later events can stand before that mark.
func lastApplied(ctx context.Context, log eventstore.Reader, stored follow.Checkpoint) (eventstore.Position, error) {
	if stored.EventID == (eventstore.EventID{}) {
		return 0, nil // nothing but marks so far
	}
	for e, err := range log.Read(ctx, stored.Stream, stored.Revision) {
		if err != nil {
			return 0, fmt.Errorf("look up the last applied event: %w", err)
		}
		if e.ID == stored.EventID && e.Position <= stored.Position {
			return e.Position, nil
		}
		break
	}
	return 0, fmt.Errorf("%w: the log has no event %s at revision %d of %s, which the read model has applied",
		eventstore.ErrUnavailable, stored.EventID, stored.Revision, stored.Stream)
}
