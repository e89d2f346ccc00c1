package eventstoredb_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"daybook/eventstore"
)

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// contextOfACallback has the time that the receiver of callbacks gives the log.
func contextOfACallback(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), 5*time.Second)
}

// makeEvents returns events that one cause has in a stream.
func makeEvents(stream eventstore.StreamName, cause string, count int) []eventstore.Event {
	ids := eventstore.Cause(stream, cause)
	events := make([]eventstore.Event, count)
	for i := range events {
		events[i] = eventstore.Event{
			ID:       ids.ID(eventstore.Revision(i)),
			Type:     "ThingHappened",
			Schema:   1,
			Data:     fmt.Appendf(nil, `{"index":%d}`, i),
			Metadata: []byte(`{"actor":"test"}`),
		}
	}
	return events
}

func collect(t *testing.T, sequence iter.Seq2[eventstore.Recorded, error]) []eventstore.Recorded {
	t.Helper()
	var events []eventstore.Recorded
	for event, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}
