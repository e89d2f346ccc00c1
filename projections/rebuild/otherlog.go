package rebuild

import (
	"context"
	"errors"
	"fmt"

	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/follow"
)

// ErrOtherLog says that the models are another log's, and that nobody has
// allowed to replace them.
var ErrOtherLog = errors.New("the read models belong to another log, and were not touched")

// checkLog looks whether the models that are current are of this log. They may
// be those of another daybook that is at work.
func (r *rebuild) checkLog(ctx context.Context) error {
	logID, err := eventstore.LogID(ctx, r.Log)
	if err != nil {
		return err
	}
	for _, m := range projections.ReadModels() {
		stored, err := r.Store.Checkpoint(ctx, r.current, m.Name)
		if err != nil && !errors.Is(err, follow.ErrLost) {
			return err
		}
		if stored.LogID == "" || stored.LogID == logID {
			continue
		}
		if r.ReplaceOtherLog == nil || !r.ReplaceOtherLog(stored.LogID) {
			return fmt.Errorf("%w: that of %s says log %.40q, this is log %s", ErrOtherLog, m.Name, stored.LogID, logID)
		}
		return nil // asked once
	}
	return nil
}
