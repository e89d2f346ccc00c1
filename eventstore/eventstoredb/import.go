package eventstoredb

import (
	"context"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// Import appends events as another log has recorded them, with their metadata
// and times. Otherwise it is Append.
func (s *Store) Import(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, recorded ...eventstore.Recorded) (eventstore.Appended, error) {
	if err := stream.Check(); err != nil {
		return eventstore.Appended{}, fmt.Errorf("import: %w: %w", eventstore.ErrInvalid, err)
	}
	messages := make([]*streams.AppendReq, len(recorded))
	for i := range recorded {
		messages[i] = message(&recorded[i].Event, recorded[i].Metadata)
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	appended, err := s.append(ctx, stream, expected, messages)
	if err != nil {
		return eventstore.Appended{}, fmt.Errorf("import to %s: %w", stream, err)
	}
	return appended, nil
}
