package esdbserver

import (
	"context"
	"errors"
	"fmt"

	"daybook/eventstore"
)

// ErrNotScratch says that a log is a real one, which nobody writes to from
// outside. It cannot become a scratch log.
var ErrNotScratch = errors.New("not a scratch log: only a log that was created as one can be written to over EventStoreDB's protocol; name a directory that has no log yet")

// A scratch log is told by the second event of the log, right behind the one
// that names it. A log with a history has another event there, or none, and
// events are never changed: so no real log can be turned into a scratch log,
// and no scratch log taken for a real one.
const scratchStream eventstore.StreamName = "esdbscratch-log"

const scratchType = "ScratchLogCreated"

// CreateScratch makes a log that has no event yet but the one that names it a
// scratch log, and leaves one that is. For any other log the error wraps
// ErrNotScratch. Nothing else may write to the log meanwhile.
func CreateScratch(ctx context.Context, store eventstore.Store) error {
	second, err := secondEvent(ctx, store)
	switch {
	case err != nil:
		return err
	case second != nil && !isScratchMark(second):
		return fmt.Errorf("create scratch log: %w", ErrNotScratch)
	case second != nil:
		return nil
	}
	metadata, err := eventstore.Metadata{Actor: "daybook"}.Encode()
	if err != nil {
		return fmt.Errorf("create scratch log: %w", err)
	}
	_, err = store.Append(ctx, scratchStream, eventstore.NoStream, eventstore.Event{
		ID:       eventstore.DeriveID(scratchStream, "", 0),
		Type:     scratchType,
		Schema:   1,
		Data:     []byte("{}"),
		Metadata: metadata,
	})
	if err != nil {
		return fmt.Errorf("create scratch log: %w", err)
	}
	scratch, err := IsScratch(ctx, store)
	if err == nil && !scratch {
		err = fmt.Errorf("create scratch log: %w", ErrNotScratch) // somebody has been quicker
	}
	return err
}

// IsScratch reports whether a log was created as a scratch log.
func IsScratch(ctx context.Context, log eventstore.Reader) (bool, error) {
	second, err := secondEvent(ctx, log)
	return second != nil && isScratchMark(second), err
}

func isScratchMark(e *eventstore.Recorded) bool {
	return e.Stream == scratchStream && e.Revision == 0 && e.Type == scratchType
}

// secondEvent returns nil for a log that has none.
func secondEvent(ctx context.Context, log eventstore.Reader) (*eventstore.Recorded, error) {
	count := 0
	for e, err := range log.ReadAll(ctx, 0) {
		if err != nil {
			return nil, fmt.Errorf("is it a scratch log: %w", err)
		}
		if count++; count == 2 {
			return &e, nil
		}
	}
	return nil, nil
}
