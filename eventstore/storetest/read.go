package storetest

import (
	"context"
	"iter"
	"math"
	"testing"

	"daybook/eventstore"
)

var readTests = []test{
	{name: "a stream that does not exist is empty", run: func(t *testing.T, f *fixture) {
		if events := collect(t, f.Read(f.ctx, f.stream(), 0)); len(events) != 0 {
			t.Errorf("found %v", events)
		}
	}},
	{name: "a stream is read from a revision on", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 5)
		all := collect(t, f.Read(f.ctx, stream, 0))
		for from := range all {
			wantEqual(t, "rest", collect(t, f.Read(f.ctx, stream, eventstore.Revision(from))), all[from:])
		}
		for _, from := range []eventstore.Revision{5, 1000, math.MaxInt64} {
			if rest := collect(t, f.Read(f.ctx, stream, from)); len(rest) != 0 {
				t.Errorf("from %d: found %v", from, rest)
			}
		}
	}},
	{name: "events come back as they were written", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "kept", 3)
		appended := f.appendEvents(t, stream, eventstore.NoStream, events)
		stored := collect(t, f.Read(f.ctx, stream, 0))
		for i, event := range stored {
			wantEqual(t, "stream", event.Stream, stream)
			wantEqual(t, "revision", event.Revision, eventstore.Revision(i))
			want := events[i]
			want.Metadata = nil
			wantEqual(t, "event", event.Event, want)
		}
		wantEqual(t, "last position", stored[2].Position, appended.Position)
		wantEqual(t, "log", f.own(t), stored)
	}},
	{name: "a long stream is read whole and in order", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		expected := eventstore.NoStream
		var want []eventstore.EventID
		for range 12 {
			events := makeEvents(stream, letters(12), 100)
			expected = eventstore.At(f.appendEvents(t, stream, expected, events).Revision)
			want = append(want, idsOf(events)...)
		}
		wantEqual(t, "stream", f.ids(t, stream), want)
		wantEqual(t, "log", idsOf(f.own(t)), want)
	}},
	{name: "a reader of a stream that stops after every event and resumes sees each once", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 7)
		var seen []eventstore.EventID
		var next eventstore.Revision
		for {
			event, found := first(t, f.Read(f.ctx, stream, next))
			if !found {
				break
			}
			seen = append(seen, event.ID)
			next = event.Revision + 1
		}
		wantEqual(t, "seen", seen, f.ids(t, stream))
	}},
	{name: "a reader of the log that stops at every position and resumes sees each event once", run: func(t *testing.T, f *fixture) {
		for range 4 {
			f.append(t, f.stream(), eventstore.NoStream, 2)
		}
		all := collect(t, f.ReadAll(f.ctx, f.start))
		var seen []eventstore.Recorded
		after := f.start
		for {
			event, found := first(t, f.ReadAll(f.ctx, after))
			if !found {
				break
			}
			seen = append(seen, event)
			after = event.Position
			wantEqual(t, "rest", collect(t, f.ReadAll(f.ctx, after)), append([]eventstore.Recorded(nil), all[len(seen):]...))
		}
		wantEqual(t, "seen", seen, all)
	}},
	{name: "a reader at a position beyond the log finds nothing", run: func(t *testing.T, f *fixture) {
		if events := collect(t, f.ReadAll(f.ctx, math.MaxInt64)); len(events) != 0 {
			t.Errorf("found %v", events)
		}
	}},
	{name: "a cancelled read ends with one error", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 3)
		for name, read := range map[string]func(context.Context) iter.Seq2[eventstore.Recorded, error]{
			"stream": func(ctx context.Context) iter.Seq2[eventstore.Recorded, error] { return f.Read(ctx, stream, 0) },
			"log":    func(ctx context.Context) iter.Seq2[eventstore.Recorded, error] { return f.ReadAll(ctx, f.start) },
		} {
			for delivered := range 2 {
				ctx, cancel := context.WithCancel(f.ctx)
				if delivered == 0 {
					cancel()
				}
				var errors []error
				events := 0
				for _, err := range read(ctx) {
					if err != nil {
						errors = append(errors, err)
						continue
					}
					events++
					cancel()
				}
				cancel()
				if len(errors) != 1 || events != delivered {
					t.Errorf("%s: got %d events and errors %v, want %d and one", name, events, errors, delivered)
					continue
				}
				wantError(t, errors[0], context.Canceled)
			}
		}
	}},
}

// first returns the first event of a sequence and stops it there.
func first(t *testing.T, sequence iter.Seq2[eventstore.Recorded, error]) (eventstore.Recorded, bool) {
	t.Helper()
	for event, err := range sequence {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		return event, true
	}
	return eventstore.Recorded{}, false
}
