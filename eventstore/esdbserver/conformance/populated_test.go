package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/esdbserver/esdbtest"
)

// expected is an event as the suite's test data has it.
type expected struct {
	StreamID       string `json:"streamId"`
	StreamRevision struct{ Value uint64 }
	EventID        uuid.UUID `json:"eventId"`
	EventType      string    `json:"eventType"`
	EventData      []byte    `json:"eventData"`
	UserMetadata   []byte    `json:"userMetadata"`
	ContentType    string    `json:"contentType"`
	Position       struct{ Commit uint64 }
	Created        struct{ Seconds, Nanos int64 }
}

// servePopulated serves a log with the events of the suite's test data at
// their positions, and others between them. They are written like any events;
// the store gives them the positions.
func servePopulated(t *testing.T, data string) (address string) {
	t.Helper()
	events := gaps(readExpected(t, data))
	store := newMemory()
	if err := esdbserver.CreateScratch(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		store.placed[eventstore.EventID(e.EventID)] = place{
			position: eventstore.Position(e.Position.Commit),
			at:       time.Unix(e.Created.Seconds, e.Created.Nanos).UTC(),
		}
	}
	address = serve(t, store, "127.0.0.1:0", esdbserver.Options{})
	client := esdbtest.Connect(t, "esdb://"+address+"?tls=false")
	for run := range runs(events) {
		proposed := make([]esdb.EventData, len(run))
		for i, e := range run {
			proposed[i] = esdb.EventData{EventID: e.EventID, EventType: e.EventType, Data: e.EventData, Metadata: e.UserMetadata}
			if e.ContentType == "application/json" {
				proposed[i].ContentType = esdb.ContentTypeJson
			}
		}
		if _, err := client.AppendToStream(t.Context(), run[0].StreamID, esdb.AppendToStreamOptions{}, proposed...); err != nil {
			t.Fatal(err)
		}
	}
	return address
}

// runs cuts events into those that can be appended at once.
func runs(events []expected) func(yield func([]expected) bool) {
	return func(yield func([]expected) bool) {
		const longest = 500
		for len(events) > 0 {
			n := 1
			for n < len(events) && n < longest && events[n].StreamID == events[0].StreamID {
				n++
			}
			if !yield(events[:n]) {
				return
			}
			events = events[n:]
		}
	}
}

type number struct {
	stream   string
	revision uint64
}

// readExpected returns all events that the test data tells of.
func readExpected(t *testing.T, data string) map[number]expected {
	t.Helper()
	found := make(map[number]expected)
	for _, file := range []string{
		"all-e0-e10", "all-c1788-p1788", "all-back-c3386-p3386", "all-back-e0-e10", "dataset20M-1800-e0-e10", "dataset20M-1800-e1999-e1990",
	} {
		var list []struct{ Event expected }
		readJSON(t, filepath.Join(data, file+".json"), &list)
		for _, e := range list {
			found[number{e.Event.StreamID, e.Event.StreamRevision.Value}] = e.Event
		}
	}
	var positions []struct{ Commit uint64 }
	var revisions []uint64
	readJSON(t, filepath.Join(data, "all-positions-filtered-stream-194-e0-e30.json"), &positions)
	readJSON(t, filepath.Join(data, "all-versions-filtered-stream-194-e0-e30.json"), &revisions)
	for i, revision := range revisions {
		e := made("dataset20M-0", revision)
		if i >= 10 { // the first ten are of this stream, the others of that
			e = made("dataset20M-1800", revision)
		}
		e.Position = positions[i]
		found[number{e.StreamID, revision}] = e
	}
	return found
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// made is an event that the test data says nothing or little of.
func made(stream string, revision uint64) expected {
	e := expected{StreamID: stream, EventID: uuid.New(), EventType: "filler", EventData: []byte("{}"), ContentType: "application/json"}
	e.StreamRevision.Value = revision
	e.Created.Seconds = 1578852900 // January 2020: the suite tells events of its database by the year
	switch {
	case stream == "dataset20M-0" && revision < 2000:
		e.EventType = fmt.Sprintf("eventType-%d", revision%200)
	case stream == "dataset20M-1800":
		e.EventType = fmt.Sprintf("eventType-%d", 1800+revision%200)
	}
	return e
}

// gaps returns the events in the order of the log, with the revisions filled
// in that are missing before those of the same stream. The stream of 6,000
// events goes on to its end.
func gaps(known map[number]expected) []expected {
	last := map[string]uint64{"dataset20M-0": 5999}
	for n := range known {
		last[n.stream] = max(last[n.stream], n.revision)
	}
	var all []expected
	for _, stream := range slices.Sorted(maps.Keys(last)) {
		var position uint64
		for revision := range last[stream] + 1 {
			e, ok := known[number{stream, revision}]
			if !ok {
				e = made(stream, revision)
				e.Position.Commit = between(known, stream, revision, position)
			}
			position = e.Position.Commit
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b expected) int { return int(int64(a.Position.Commit) - int64(b.Position.Commit)) })
	return all
}

// between returns a position for an event of a stream before its next known
// one, or behind its last. Between the known events of system streams nothing
// may be: the suite reads all of them.
func between(known map[number]expected, stream string, revision, after uint64) uint64 {
	var distance uint64
	if stream[0] == '$' {
		distance = 100_000
	}
	for next := revision + 1; next < 6000; next++ {
		if e, ok := known[number{stream, next}]; ok {
			return max(after, e.Position.Commit-distance-(next-revision)*2) + 1
		}
	}
	return after + 2
}
