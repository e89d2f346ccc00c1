package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"daybook/eventstore"
)

var metadataTests = []test{
	{name: "metadata comes back when asked for, with schema and time of recording", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		event := makeEvents(stream, "metadata", 1)[0]
		event.Schema = 3
		event.Metadata = []byte(`{"$correlationId":"c","$causationId":"d","commandId":"e","actor":"test","evidence":{"sha256":"00","body":"e30="}}`)
		f.appendEvents(t, stream, eventstore.NoStream, []eventstore.Event{event})
		for _, sequence := range [][]eventstore.Recorded{
			collect(t, f.Read(f.ctx, stream, 0, eventstore.WithMetadata)),
			collect(t, f.ReadAll(f.ctx, f.start, eventstore.WithMetadata)),
		} {
			stored := sequence[0]
			wantEqual(t, "schema", stored.Schema, 3)
			var got, want map[string]any
			if err := json.Unmarshal(stored.Metadata, &got); err != nil {
				t.Fatalf("metadata %s: %v", stored.Metadata, err)
			}
			if err := json.Unmarshal(event.Metadata, &want); err != nil {
				t.Fatal(err)
			}
			want["schema"] = 3.0
			want["recordedAt"] = eventstore.FormatTime(stored.RecordedAt)
			wantEqual(t, "metadata", got, want)
		}
		if stored := collect(t, f.Read(f.ctx, stream, 0)); stored[0].Metadata != nil {
			t.Errorf("metadata %s comes unasked", stored[0].Metadata)
		}
	}},
	{name: "a subscription includes metadata when asked for", run: func(t *testing.T, f *fixture) {
		f.append(t, f.stream(), eventstore.NoStream, 1)
		for message, err := range f.Subscribe(f.ctx, f.start, eventstore.WithMetadata) {
			if err != nil {
				t.Fatal(err)
			}
			if message.Event == nil || !f.isOwn(message.Event.Stream) {
				continue
			}
			var metadata struct{ Actor string }
			if err := json.Unmarshal(message.Event.Metadata, &metadata); err != nil || metadata.Actor != "test" {
				t.Errorf("metadata is %s", message.Event.Metadata)
			}
			break
		}
	}},
	{name: "data comes back byte for byte", run: func(t *testing.T, f *fixture) {
		for _, data := range []string{
			`{}`,
			`{ "spaced" : [ 1 , 2.50 , 1e2 ] }`,
			"{\"newline\":\n\t1}",
			`{"escapes":"\u0000\u00e9\ud83d\ude00\"\\\/"}`,
			"{\"text\":\"é 😀 \u2028 \u007f\"}",
			`{"twice":1,"twice":2}`,
			`{"amount":"0.000000000000000000000000000001"}`,
		} {
			stream := f.stream()
			event := makeEvents(stream, "bytes", 1)[0]
			event.Data = []byte(data)
			f.appendEvents(t, stream, eventstore.NoStream, []eventstore.Event{event})
			wantEqual(t, "data", string(collect(t, f.Read(f.ctx, stream, 0))[0].Data), data)
		}
	}},
	{name: "the time of recording is UTC in microseconds and never goes back", run: func(t *testing.T, f *fixture) {
		for range 20 {
			f.append(t, f.stream(), eventstore.NoStream, 2)
		}
		var last time.Time
		for _, event := range f.own(t) {
			if event.RecordedAt.Before(last) {
				t.Errorf("%s comes after %s", event.RecordedAt, last)
			}
			last = event.RecordedAt
			if last.Location() != time.UTC || !last.Equal(last.Truncate(time.Microsecond)) || last.IsZero() {
				t.Errorf("recorded at %v", last)
			}
		}
	}},
	{name: "the log has an id", run: func(t *testing.T, f *fixture) {
		f.logID(t)
	}},
	{name: "the log has the same id after it was reopened", reopens: true, run: func(t *testing.T, f *fixture) {
		id := f.logID(t)
		f.Store = f.reopen(t)
		wantEqual(t, "log id", f.logID(t), id)
	}},
}

func (f *fixture) logID(t *testing.T) string {
	t.Helper()
	id, err := eventstore.LogID(f.ctx, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ulid.ParseStrict(id); err != nil {
		t.Errorf("log id %q: %v", id, err)
	}
	return id
}
