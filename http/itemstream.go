package httpapi

import (
	"context"

	"daybook/eventstore"
	"daybook/projections/local"
)

// itemStreams finds the stream of an item in the log.
type itemStreams struct {
	*local.Model
	log eventstore.Reader
}

// ItemStream implements Reviewed.
func (i itemStreams) ItemStream(ctx context.Context, id string) (eventstore.StreamName, bool, error) {
	for recorded, err := range i.log.ReadAll(ctx, 0) {
		if err != nil {
			return "", false, err
		}
		if recorded.ID.String() == id {
			return recorded.Stream, true, nil
		}
	}
	return "", false, nil
}
