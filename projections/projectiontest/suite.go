// Package projectiontest is the conformance suite of read models: what every
// store of them must do, in memory or elsewhere.
package projectiontest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// Subject is a read model under test.
type Subject struct {
	Projector follow.Projector

	// Reads say together all that the model says of Users and Orders. Each is
	// one call of a public method, so that what it says is of one moment.
	Reads []Read
}

// Read returns what the model says, in any text that is the same when that is
// the same, and the position that it says it for; 0 if it does not know the
// subject. The text does not contain that position.
type Read func(ctx context.Context) (says string, at eventstore.Position, err error)

// Run runs the suite. Open returns a model that is empty and independent of
// those that it returned before.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for name, test := range map[string]func(*testing.T, func(*testing.T) Subject){
		"an empty model is at the beginning":                 testEmpty,
		"batches of every size give the same model":          testBatches,
		"stopping after every event and resuming":            testResume,
		"a batch of no events moves the checkpoint":          testMark,
		"a batch from another checkpoint writes nothing":     testMoved,
		"of two that apply the same batch one succeeds":      testRacers,
		"an event that cannot be folded writes nothing":      testCannotFold,
		"a reader sees a checkpoint together with its model": testAtomic,
		"events are not kept":                                testNotKept,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// sampleLength is the number of events of the logs that are taken apart at
// every event.
const sampleLength = 60

// dump returns all that a model says.
func dump(t *testing.T, s Subject) string {
	t.Helper()
	var b strings.Builder
	for i, read := range s.Reads {
		says, _, err := read(t.Context())
		if err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
		fmt.Fprintf(&b, "%d: %s\n", i, says)
	}
	return b.String()
}

// load returns the stored checkpoint.
func load(t *testing.T, s Subject) follow.Checkpoint {
	t.Helper()
	stored, err := s.Projector.Load(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return stored
}

// behind returns the checkpoint behind the last of some events.
func behind(model follow.Projector, events []eventstore.Recorded) follow.Checkpoint {
	last := events[len(events)-1]
	return follow.Checkpoint{
		LogID: LogID, Position: last.Position, Fold: model.FoldVersion(),
		EventID: last.ID, Stream: last.Stream, Revision: last.Revision,
	}
}

// same fails if two dumps differ.
func same(t *testing.T, got, want, when string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s the model says\n%s\nwant\n%s", when, got, want)
	}
}
