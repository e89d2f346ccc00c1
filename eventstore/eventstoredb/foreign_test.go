package eventstoredb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver/esdbtest"
	"daybook/eventstore/eventstoredb"
)

// others is somebody who uses the same database through the official client.
func others(t *testing.T, d *database) *esdb.Client {
	t.Helper()
	return esdbtest.Connect(t, d.url())
}

// write appends events without anything that daybook's have.
func write(t *testing.T, client *esdb.Client, stream string, count int) {
	t.Helper()
	events := make([]esdb.EventData, count)
	for i := range events {
		events[i] = esdb.EventData{EventID: uuid.New(), EventType: "Noise", ContentType: esdb.ContentTypeBinary, Data: []byte{0xff, byte(i)}}
	}
	if _, err := client.AppendToStream(bounded(t), stream, esdb.AppendToStreamOptions{}, events...); err != nil {
		t.Fatal(err)
	}
}

func TestEventsOfOthersAreSkippedAndNeverDecoded(t *testing.T) {
	d := newDatabase(t)
	store := open(t, d.url())
	client := others(t, d)
	ctx := bounded(t)
	names := []string{"order-1", "daybook", "daybookorder-1", "Daybook.order-1", "other.daybook.order-1", "$system-1"}
	var want []eventstore.EventID
	for i := range 5 {
		stream := eventstore.StreamName(fmt.Sprintf("test-own%d", i))
		events := makeEvents(stream, "own", 2)
		if _, err := store.Append(ctx, stream, eventstore.NoStream, events...); err != nil {
			t.Fatal(err)
		}
		want = append(want, events[0].ID, events[1].ID)
		for _, name := range names {
			write(t, client, name, 20)
		}
	}
	var got []eventstore.EventID
	for _, event := range collect(t, store.ReadAll(ctx, 0)) {
		if event.Stream != eventstore.LogStream {
			got = append(got, event.ID)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the log has %v, want %v", got, want)
	}
	got = nil
	for message, err := range store.Subscribe(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if message.CaughtUp {
			break
		}
		if message.Event != nil && message.Event.Stream != eventstore.LogStream {
			got = append(got, message.Event.ID)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the subscription has %v, want %v", got, want)
	}
}

func TestMarksLeadThroughAStretchOfOthers(t *testing.T) {
	d := newDatabase(t)
	store := open(t, d.url())
	ctx := bounded(t)
	if _, err := eventstore.LogID(ctx, store); err != nil {
		t.Fatal(err)
	}
	client := others(t, d)
	for range 5 {
		write(t, client, "noise-1", 1000)
	}
	var marked eventstore.Position
	for message, err := range store.Subscribe(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if message.Event == nil {
			marked = message.Position
		}
		if message.CaughtUp {
			break
		}
	}
	if marked < 4000 {
		t.Errorf("the last mark is at %s", marked)
	}
	const stream = eventstore.StreamName("test-after")
	appended, err := store.Append(ctx, stream, eventstore.NoStream, makeEvents(stream, "x", 1)...)
	if err != nil {
		t.Fatal(err)
	}
	for message, err := range store.Subscribe(ctx, marked) {
		if err != nil {
			t.Fatal(err)
		}
		if message.Event != nil {
			if message.Position != appended.Position {
				t.Errorf("behind the mark comes %s, want %s", message.Position, appended.Position)
			}
			break
		}
	}
}

func TestNamespacesShareADatabase(t *testing.T) {
	d := newDatabase(t)
	ctx := bounded(t)
	var ids [2]string
	for i, name := range []string{"daybook", "daybook2"} {
		store := open(t, d.url(), func(o *eventstoredb.Options) { o.Namespace = name })
		if _, err := store.Append(ctx, "test-same", eventstore.NoStream, makeEvents("test-same", name, 1)...); err != nil {
			t.Fatal(err)
		}
		if events := collect(t, store.ReadAll(ctx, 0)); len(events) != 2 {
			t.Errorf("%s has %d events", name, len(events))
		}
		var err error
		if ids[i], err = eventstore.LogID(ctx, store); err != nil {
			t.Fatal(err)
		}
	}
	if ids[0] == ids[1] {
		t.Error("the logs have the same id")
	}
	for _, name := range []string{"Daybook", "a.b", "a-b", strings.Repeat("a", 65)} {
		if _, err := eventstoredb.Open(eventstoredb.Options{URL: d.url(), Namespace: name}); err == nil {
			t.Errorf("namespace %q is accepted", name)
		}
	}
}
