package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"daybook/eventstore"
)

var appendTests = []test{
	{name: "revisions count from 0 and positions grow", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		last := f.start
		expected := eventstore.NoStream
		for i := range 5 {
			appended := f.append(t, stream, expected, 1)
			if appended.Revision != eventstore.Revision(i) {
				t.Errorf("append %d got revision %d", i, appended.Revision)
			}
			if appended.Position <= last {
				t.Errorf("position %s is not behind %s", appended.Position, last)
			}
			last, expected = appended.Position, eventstore.At(appended.Revision)
		}
	}},
	{name: "an append of several events answers with the last and keeps their order", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "several", 5)
		appended, err := f.Append(f.ctx, stream, eventstore.NoStream, events...)
		if err != nil {
			t.Fatal(err)
		}
		stored := collect(t, f.Read(f.ctx, stream, 0))
		wantEqual(t, "ids", idsOf(stored), idsOf(events))
		end := stored[len(stored)-1]
		wantEqual(t, "answer", appended, eventstore.Appended{Revision: end.Revision, Position: end.Position})
	}},
	{name: "a stream that exists is no new stream", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 1)
		f.refuses(t, stream, eventstore.NoStream)
	}},
	{name: "a stream that has moved on is not where it was", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 3)
		f.refuses(t, stream, eventstore.At(0))
		f.refuses(t, stream, eventstore.At(1))
	}},
	{name: "a stream never has a gap", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.refuses(t, stream, eventstore.At(0))
		f.append(t, stream, eventstore.NoStream, 1)
		f.refuses(t, stream, eventstore.At(1))
		f.refuses(t, stream, eventstore.At(7))
		f.refuses(t, stream, eventstore.At(1<<62))
	}},
	{name: "an append whose second event is in the way of another writes nothing", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 2)
		before := f.ids(t, stream)
		_, err := f.Append(f.ctx, stream, eventstore.At(0), makeEvents(stream, "late", 3)...)
		wantError(t, err, eventstore.ErrConflict)
		wantEqual(t, "stream", f.ids(t, stream), before)
	}},
	{name: "an append that is too large is refused and one just under the limit is kept whole", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		event := makeEvents(stream, "large", 1)[0]
		event.Data = object(eventstore.MaxAppendBytes)
		_, err := f.Append(f.ctx, stream, eventstore.NoStream, event)
		wantError(t, err, eventstore.ErrTooLarge)
		event.Data = object(eventstore.MaxAppendBytes - len(event.Type) - len(event.Metadata))
		if _, err := f.Append(f.ctx, stream, eventstore.NoStream, event); err != nil {
			t.Fatal(err)
		}
		stored := collect(t, f.Read(f.ctx, stream, 0))
		if len(stored) != 1 || !bytes.Equal(stored[0].Data, event.Data) {
			t.Error("the stored event differs")
		}
	}},
	{name: "what breaks the contract is refused", run: func(t *testing.T, f *fixture) {
		for _, name := range []eventstore.StreamName{"", "nohyphen", "-id", "category-", "Upper-id", "order-a b", "$all", "order-ä"} {
			_, err := f.Append(f.ctx, name, eventstore.NoStream, makeEvents(name, "invalid", 1)...)
			wantError(t, err, eventstore.ErrInvalid)
		}
		stream := f.stream()
		_, err := f.Append(f.ctx, stream, eventstore.NoStream)
		wantError(t, err, eventstore.ErrInvalid)
		for _, spoil := range []func(*eventstore.Event){
			func(e *eventstore.Event) { e.ID = eventstore.EventID{} },
			func(e *eventstore.Event) { e.Type = "" },
			func(e *eventstore.Event) { e.Schema = 0 },
			func(e *eventstore.Event) { e.Data = nil },
			func(e *eventstore.Event) { e.Metadata = nil },
		} {
			events := makeEvents(stream, "invalid", 2)
			spoil(&events[1])
			_, err := f.Append(f.ctx, stream, eventstore.NoStream, events...)
			wantError(t, err, eventstore.ErrInvalid)
		}
		wantEqual(t, "stream", f.ids(t, stream), []eventstore.EventID{})
	}},
	{name: "an append with a cancelled context says that its outcome is unknown", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		ctx, cancel := context.WithCancel(f.ctx)
		cancel()
		events := makeEvents(stream, "cancelled", 1)
		_, err := f.Append(ctx, stream, eventstore.NoStream, events...)
		wantError(t, err, eventstore.ErrUnavailable, context.Canceled)
		if _, err := f.Append(f.ctx, stream, eventstore.NoStream, events...); err != nil {
			t.Errorf("repeat: %v", err)
		}
		wantEqual(t, "stream", f.ids(t, stream), idsOf(events))
	}},
	{name: "a store that accepts appends is ready and readiness leaves no event", run: func(t *testing.T, f *fixture) {
		if err := f.Ready(f.ctx); err != nil {
			t.Error(err)
		}
		if own := f.own(t); len(own) != 0 {
			t.Errorf("found events %v", own)
		}
	}},
}

// refuses checks that an append at a wrong expectation is a conflict and
// leaves the stream as it was.
func (f *fixture) refuses(t *testing.T, stream eventstore.StreamName, expected eventstore.Expected) {
	t.Helper()
	before := f.ids(t, stream)
	_, err := f.Append(f.ctx, stream, expected, makeEvents(stream, letters(12), 1)...)
	if err == nil {
		t.Errorf("append to %s with %d events at %s succeeded", stream, len(before), expected)
	}
	wantError(t, err, eventstore.ErrConflict)
	wantEqual(t, "stream", f.ids(t, stream), before)
}

// object returns a JSON object of size bytes.
func object(size int) []byte {
	frame := len(`{"text":""}`)
	return fmt.Appendf(nil, `{"text":"%s"}`, bytes.Repeat([]byte("x"), size-frame))
}
