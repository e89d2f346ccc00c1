package storetest

import (
	"testing"

	"daybook/eventstore"
)

var repeatTests = []test{
	{name: "a repeated append gets the first answer again", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "first", 3)
		first := f.appendEvents(t, stream, eventstore.NoStream, events)
		f.repeats(t, stream, eventstore.NoStream, events, first)

		more := makeEvents(stream, "second", 2)
		second := f.appendEvents(t, stream, eventstore.At(2), more)
		f.repeats(t, stream, eventstore.At(2), more, second)
		f.repeats(t, stream, eventstore.NoStream, events, first)

		f.append(t, f.stream(), eventstore.NoStream, 1)
		f.repeats(t, stream, eventstore.At(2), more, second)
	}},
	{name: "a repeated append gets the first answer again after the log was reopened", reopens: true, run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "first", 2)
		first := f.appendEvents(t, stream, eventstore.NoStream, events)
		f.Store = f.reopen(t)
		f.repeats(t, stream, eventstore.NoStream, events, first)
		f.append(t, stream, eventstore.At(1), 1)
		f.Store = f.reopen(t)
		f.repeats(t, stream, eventstore.NoStream, events, first)
	}},
	{name: "ids are compared and data is not", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "first", 1)
		first := f.appendEvents(t, stream, eventstore.NoStream, events)
		changed := makeEvents(stream, "first", 1)
		changed[0].Data = []byte(`{"other":true}`)
		f.repeats(t, stream, eventstore.NoStream, changed, first)
	}},
	{name: "a part of an earlier append is a repeat of what it has", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "first", 3)
		f.appendEvents(t, stream, eventstore.NoStream, events)
		stored := collect(t, f.Read(f.ctx, stream, 0))
		f.repeats(t, stream, eventstore.NoStream, events[:2], eventstore.Appended{Revision: 1, Position: stored[1].Position})
		f.repeats(t, stream, eventstore.At(0), events[1:], eventstore.Appended{Revision: 2, Position: stored[2].Position})
	}},
	{name: "an append of which only some ids are there is a conflict", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "first", 2)
		f.appendEvents(t, stream, eventstore.NoStream, events)
		other := makeEvents(stream, "other", 2)
		for name, append := range map[string][]eventstore.Event{
			"the second differs":     {events[0], other[1]},
			"the first differs":      {other[0], events[1]},
			"it runs past the end":   {events[0], events[1], other[0]},
			"the order is different": {events[1], events[0]},
		} {
			_, err := f.Append(f.ctx, stream, eventstore.NoStream, append...)
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
			wantError(t, err, eventstore.ErrConflict)
		}
		_, err := f.Append(f.ctx, stream, eventstore.At(0), events...)
		wantError(t, err, eventstore.ErrConflict)
		wantEqual(t, "stream", f.ids(t, stream), idsOf(events))
	}},
	{name: "the same ids in another stream are other events", run: func(t *testing.T, f *fixture) {
		one, two := f.stream(), f.stream()
		events := makeEvents(one, "shared", 2)
		f.appendEvents(t, one, eventstore.NoStream, events)
		f.appendEvents(t, two, eventstore.NoStream, events)
		wantEqual(t, "second stream", f.ids(t, two), idsOf(events))
	}},
	{name: "an append sent many times at once is stored once and answered alike", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		events := makeEvents(stream, "copies", 2)
		type result struct {
			appended eventstore.Appended
			err      error
		}
		results := make(chan result)
		const copies = 16
		for range copies {
			go func() {
				appended, err := f.Append(f.ctx, stream, eventstore.NoStream, events...)
				results <- result{appended, err}
			}()
		}
		first := <-results
		for range copies - 1 {
			if other := <-results; other != first {
				t.Errorf("got %v and %v", first, other)
			}
		}
		if first.err != nil {
			t.Error(first.err)
		}
		wantEqual(t, "stream", f.ids(t, stream), idsOf(events))
	}},
}

func (f *fixture) appendEvents(t *testing.T, stream eventstore.StreamName, expected eventstore.Expected, events []eventstore.Event) eventstore.Appended {
	t.Helper()
	appended, err := f.Append(f.ctx, stream, expected, events...)
	if err != nil {
		t.Fatal(err)
	}
	return appended
}

// repeats checks that an append gets an earlier answer and writes nothing.
func (f *fixture) repeats(t *testing.T, stream eventstore.StreamName, expected eventstore.Expected, events []eventstore.Event, want eventstore.Appended) {
	t.Helper()
	before := f.ids(t, stream)
	appended, err := f.Append(f.ctx, stream, expected, events...)
	if err != nil {
		t.Errorf("repeat at %s: %v", expected, err)
		return
	}
	wantEqual(t, "answer", appended, want)
	wantEqual(t, "stream", f.ids(t, stream), before)
}
