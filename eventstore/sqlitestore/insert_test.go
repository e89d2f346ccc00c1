package sqlitestore

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/eventstore"
)

// One statement inserts them all, so nothing of one event may be left for the next.
func TestWhatIsInsertedIsReadAsItWas(t *testing.T) {
	conn, f := prepare(t, filepath.Join(t.TempDir(), "daybook.db"))
	object := func(size int) []byte { return []byte(`{"x":"` + strings.Repeat("ü", size) + `"}`) }
	events := []eventstore.Recorded{
		recorded("order-1", "A", object(1), object(2)),
		recorded(eventstore.StreamName("order-"+strings.Repeat("2", 200)), strings.Repeat("B", 300), object(200_000), object(30_000)),
		recorded("o", "C", []byte("{\x00}"), []byte("{}")),
		recorded("order-3", "D", object(40_000), []byte("{}")),
	}
	entries := make([]entry, len(events))
	for i := range events {
		events[i].Position, events[i].Revision = eventstore.Position(i)+2, eventstore.Revision(3*i)
		entries[i] = entry{Recorded: events[i], hash: hashOf(events[i].Stream)}
	}
	if err := f.insert(entries, yield); err != nil {
		t.Fatal(err)
	}
	c := &connection{conn: conn, types: make(map[string]string)}
	read, err := c.page(nil, query{whole: true, after: 1, metadata: true})
	if err != nil || len(read.events) != len(events) {
		t.Fatalf("got %d events and error %v, want %d", len(read.events), err, len(events))
	}
	for i, got := range read.events {
		want := events[i]
		want.Metadata = eventstore.Stamp(want.Metadata, want.Schema, want.RecordedAt)
		if got.Position != want.Position || got.Revision != want.Revision || got.ID != want.ID || got.Schema != want.Schema ||
			!got.RecordedAt.Equal(want.RecordedAt) || got.Stream != want.Stream || got.Type != want.Type ||
			!bytes.Equal(got.Data, want.Data) || !bytes.Equal(got.Metadata, want.Metadata) {
			t.Errorf("event %d is not what was inserted: %.200q", i, got.Data)
		}
	}
}

// What SQLite makes of a value is what other programs see of it.
func TestWhatIsInsertedHasTheTypesOfItsColumns(t *testing.T) {
	conn, f := prepare(t, filepath.Join(t.TempDir(), "daybook.db"))
	event := recorded("order-1", "A", []byte("{}"), []byte("{}"))
	event.Position = 2
	if err := f.insert([]entry{{Recorded: event, hash: hashOf(event.Stream)}}, yield); err != nil {
		t.Fatal(err)
	}
	types, err := queryText(conn, "SELECT typeof(stream) || typeof(type) || typeof(id) || typeof(data) || typeof(metadata) FROM events WHERE position = 2")
	if want := "texttextblobblobblob"; err != nil || types != want {
		t.Errorf("got %s and error %v, want %s", types, err, want)
	}
}

func recorded(stream eventstore.StreamName, name string, data, metadata []byte) eventstore.Recorded {
	return eventstore.Recorded{
		Event: eventstore.Event{
			ID: eventstore.DeriveID(stream, string(data[:1]), 0), Type: name, Schema: 1, Data: data, Metadata: metadata,
		},
		Stream: stream, RecordedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
}
