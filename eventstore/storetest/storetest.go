// Package storetest is the suite that every implementation of
// eventstore.Store passes.
//
// It assumes neither an empty log nor consecutive positions: each test writes
// to streams of a category of its own, and looks at the log from a position
// that it has written itself.
package storetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"daybook/eventstore"
)

// patience bounds each test, so that a store that hangs fails it.
const patience = time.Minute

// Opened is a store for one test.
type Opened struct {
	Store eventstore.Store

	// Reopen closes the store and opens the same log again, as a restarted
	// process would. Nil leaves out the tests of that.
	Reopen func(t *testing.T) eventstore.Store
}

// Run runs the suite. open is called for every test, and releases what it has
// opened when the test ends.
func Run(t *testing.T, open func(t *testing.T) Opened) {
	for _, tests := range [][]test{appendTests, repeatTests, raceTests, readTests, subscribeTests, metadataTests, modelTests} {
		for _, each := range tests {
			t.Run(each.name, func(t *testing.T) {
				running := goleak.IgnoreCurrent()
				t.Cleanup(func() { goleak.VerifyNone(t, running) })
				opened := open(t)
				if each.reopens && opened.Reopen == nil {
					return
				}
				each.run(t, newFixture(t, opened))
			})
		}
	}
}

// tb is what helpers need of a *testing.T or a *rapid.T.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// test is one sentence about stores and its proof.
type test struct {
	name    string
	reopens bool
	run     func(t *testing.T, f *fixture)
}

// fixture is what every test works with.
type fixture struct {
	eventstore.Store

	ctx      context.Context
	reopen   func(t *testing.T) eventstore.Store
	category string // no other test uses it
	start    eventstore.Position
}

func newFixture(t *testing.T, opened Opened) *fixture {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	f := &fixture{Store: opened.Store, ctx: ctx, reopen: opened.Reopen, category: "test" + letters(12)}
	f.start = f.append(t, f.stream(), eventstore.NoStream, 1).Position
	return f
}

// letters returns n random lower-case letters.
func letters(n int) string {
	random := make([]byte, n)
	rand.Read(random)
	for i := range random {
		random[i] = 'a' + random[i]%26
	}
	return string(random)
}

// stream returns the name of a stream that does not exist.
func (f *fixture) stream() eventstore.StreamName {
	random := make([]byte, 8)
	rand.Read(random)
	return eventstore.StreamName(f.category + "-" + hex.EncodeToString(random))
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
			Data:     fmt.Appendf(nil, `{"cause":%q,"index":%d}`, cause, i),
			Metadata: []byte(`{"actor":"test"}`),
		}
	}
	return events
}

// append appends events of a cause that nothing else has.
func (f *fixture) append(t tb, stream eventstore.StreamName, expected eventstore.Expected, count int) eventstore.Appended {
	t.Helper()
	appended, err := f.Append(f.ctx, stream, expected, makeEvents(stream, letters(12), count)...)
	if err != nil {
		t.Fatalf("append %d events to %s at %s: %v", count, stream, expected, err)
	}
	return appended
}

// ids returns the ids of a stream's events.
func (f *fixture) ids(t tb, stream eventstore.StreamName) []eventstore.EventID {
	t.Helper()
	return idsOf(collect(t, f.Read(f.ctx, stream, 0)))
}

// own returns the test's own events in the log, those of newFixture excluded.
func (f *fixture) own(t tb) []eventstore.Recorded {
	t.Helper()
	var own []eventstore.Recorded
	for _, event := range collect(t, f.ReadAll(f.ctx, f.start)) {
		if f.isOwn(event.Stream) {
			own = append(own, event)
		}
	}
	return own
}

func (f *fixture) isOwn(stream eventstore.StreamName) bool {
	return strings.HasPrefix(string(stream), f.category+"-")
}

// collect returns all elements of a sequence that must end without an error.
func collect(t tb, sequence iter.Seq2[eventstore.Recorded, error]) []eventstore.Recorded {
	t.Helper()
	var events []eventstore.Recorded
	for event, err := range sequence {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		events = append(events, event)
	}
	return events
}

func idsOf[E eventstore.Event | eventstore.Recorded](events []E) []eventstore.EventID {
	ids := make([]eventstore.EventID, len(events))
	for i, event := range events {
		switch event := any(event).(type) {
		case eventstore.Event:
			ids[i] = event.ID
		case eventstore.Recorded:
			ids[i] = event.ID
		}
	}
	return ids
}

func wantError(t tb, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("got error %v, want one that is %q", err, target)
		}
	}
}

func wantEqual[V any](t tb, what string, got, want V) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
