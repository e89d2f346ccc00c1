package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"daybook/eventstore"
)

var modelTests = []test{
	{name: "any sequence of appends does what a list of events for each stream would", run: func(t *testing.T, f *fixture) {
		rapid.Check(t, func(rt *rapid.T) {
			m := newModel(rt, f)
			rt.Repeat(map[string]func(*rapid.T){
				"append": m.append,
				"repeat": m.repeat,
				"":       func(*rapid.T) {},
			})
			m.compare(rt)
		})
	}},
}

// model is the contract of Append in its simplest form.
type model struct {
	f       *fixture
	streams []eventstore.StreamName
	events  map[eventstore.StreamName][]eventstore.EventID
	start   eventstore.Position
	log     []eventstore.EventID
	calls   []call
}

type call struct {
	stream   eventstore.StreamName
	length   int // expected number of events in the stream
	events   []eventstore.Event
	appended eventstore.Appended
}

func newModel(t *rapid.T, f *fixture) *model {
	return &model{
		f:       f,
		streams: []eventstore.StreamName{f.stream(), f.stream(), f.stream()},
		events:  make(map[eventstore.StreamName][]eventstore.EventID),
		start:   f.append(t, f.stream(), eventstore.NoStream, 1).Position,
	}
}

// append appends new events or some that are there, at any expectation.
func (m *model) append(t *rapid.T) {
	stream := rapid.SampledFrom(m.streams).Draw(t, "stream")
	length := rapid.IntRange(0, len(m.events[stream])+1).Draw(t, "expected length")
	cause := fmt.Sprintf("cause %d", rapid.IntRange(0, 5).Draw(t, "cause"))
	m.call(t, call{stream: stream, length: length, events: makeEvents(stream, cause, rapid.IntRange(1, 3).Draw(t, "count"))})
}

// repeat sends an append again that succeeded.
func (m *model) repeat(t *rapid.T) {
	if len(m.calls) == 0 {
		return
	}
	earlier := rapid.SampledFrom(m.calls).Draw(t, "earlier")
	if appended := m.call(t, earlier); appended != earlier.appended {
		t.Fatalf("repeat answered %v, at first %v", appended, earlier.appended)
	}
}

// call compares one append with the model, and carries it out on both.
func (m *model) call(t *rapid.T, c call) eventstore.Appended {
	expected := eventstore.NoStream
	if c.length > 0 {
		expected = eventstore.At(eventstore.Revision(c.length - 1))
	}
	stored := m.events[c.stream]
	ids := idsOf(c.events)
	end := c.length + len(ids)
	writes := c.length == len(stored)
	repeats := !writes && end <= len(stored) && slices.Equal(stored[c.length:end], ids)

	appended, err := m.f.Append(m.f.ctx, c.stream, expected, c.events...)
	if !writes && !repeats {
		if !errors.Is(err, eventstore.ErrConflict) {
			t.Fatalf("append at %s to %d events: got error %v, want a conflict", expected, len(stored), err)
		}
		return eventstore.Appended{}
	}
	if err != nil {
		t.Fatalf("append at %s to %d events: %v", expected, len(stored), err)
	}
	if appended.Revision != eventstore.Revision(end-1) {
		t.Fatalf("append at %s of %d events got revision %d", expected, len(ids), appended.Revision)
	}
	if writes {
		m.events[c.stream] = append(stored, ids...)
		m.log = append(m.log, ids...)
		c.appended = appended
		m.calls = append(m.calls, c)
	}
	return appended
}

// compare checks that the store holds what the model holds.
func (m *model) compare(t *rapid.T) {
	for _, stream := range m.streams {
		wantEqual(t, "stream", m.f.ids(t, stream), append([]eventstore.EventID{}, m.events[stream]...))
	}
	var log []eventstore.EventID
	for _, event := range collect(t, m.f.ReadAll(m.f.ctx, m.start)) {
		if m.f.isOwn(event.Stream) {
			log = append(log, event.ID)
		}
	}
	wantEqual(t, "log", log, m.log)
}
