package conformance

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"daybook/eventstore"
)

// memory is a store that puts events at positions and times that are known
// beforehand, and others behind the last. So its positions have gaps.
type memory struct {
	placed map[eventstore.EventID]place

	mu       sync.Mutex
	events   []eventstore.Recorded
	streams  map[eventstore.StreamName][]int
	appended chan struct{} // closed and replaced with every append
}

type place struct {
	position eventstore.Position
	at       time.Time
}

func newMemory() *memory {
	m := &memory{
		placed:   make(map[eventstore.EventID]place),
		streams:  make(map[eventstore.StreamName][]int),
		appended: make(chan struct{}),
	}
	first := eventstore.Event{Type: eventstore.LogCreatedType, Schema: 1, Data: []byte(`{"logId":"01KA0000000000000000000000"}`), Metadata: []byte("{}")}
	m.write(eventstore.LogStream, first)
	return m
}

// write appends one event. The caller has the lock.
func (m *memory) write(stream eventstore.StreamName, e eventstore.Event) eventstore.Appended {
	at := place{position: 1, at: time.Now().UTC()}
	if n := len(m.events); n > 0 {
		at.position = m.events[n-1].Position + 1
	}
	if known, ok := m.placed[e.ID]; ok {
		at = known
	}
	recorded := eventstore.Recorded{Event: e, Stream: stream, Revision: eventstore.Revision(len(m.streams[stream])), Position: at.position, RecordedAt: at.at}
	m.streams[stream] = append(m.streams[stream], len(m.events))
	m.events = append(m.events, recorded)
	return eventstore.Appended{Revision: recorded.Revision, Position: recorded.Position}
}

// Append implements eventstore.Store, without recognising repetitions.
func (m *memory) Append(_ context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if err := eventstore.Check(stream, events); err != nil {
		return eventstore.Appended{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if uint64(expected.Next()) != uint64(len(m.streams[stream])) {
		return eventstore.Appended{}, fmt.Errorf("%w: expected %s", eventstore.ErrConflict, expected)
	}
	var last eventstore.Appended
	for _, e := range events {
		last = m.write(stream, e)
	}
	close(m.appended)
	m.appended = make(chan struct{})
	return last, nil
}

// Ready implements eventstore.Store.
func (m *memory) Ready(context.Context) error { return nil }

// Read implements eventstore.Store.
func (m *memory) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		m.mu.Lock()
		var found []eventstore.Recorded
		for _, i := range m.streams[stream][min(int(from), len(m.streams[stream])):] {
			found = append(found, m.events[i])
		}
		m.mu.Unlock()
		deliver(found, yield)
	}
}

// ReadAll implements eventstore.Store.
func (m *memory) ReadAll(_ context.Context, after eventstore.Position, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		events, _ := m.behind(after)
		deliver(events, yield)
	}
}

// behind returns the events after a position, and what is closed when there
// are more.
func (m *memory) behind(after eventstore.Position) ([]eventstore.Recorded, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _ := slices.BinarySearchFunc(m.events, after+1, func(e eventstore.Recorded, p eventstore.Position) int {
		return int(int64(e.Position) - int64(p))
	})
	return m.events[i:len(m.events):len(m.events)], m.appended
}

func deliver(events []eventstore.Recorded, yield func(eventstore.Recorded, error) bool) bool {
	for _, e := range events {
		e.Metadata = eventstore.Stamp(e.Metadata, e.Schema, e.RecordedAt)
		if !yield(e, nil) {
			return false
		}
	}
	return true
}

// Subscribe implements eventstore.Store.
func (m *memory) Subscribe(ctx context.Context, after eventstore.Position, _ ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for {
			events, more := m.behind(after)
			delivered := deliver(events, func(e eventstore.Recorded, _ error) bool {
				after = e.Position
				return yield(eventstore.Message{Event: &e, Position: after}, nil)
			})
			if !delivered || !yield(eventstore.Message{Position: after, CaughtUp: true}, nil) {
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
				yield(eventstore.Message{}, ctx.Err())
				return
			}
		}
	}
}
