package esdbserver

import (
	"sync"

	"daybook/eventstore"
)

// maxKnown bounds each of two generations of what is remembered.
const maxKnown = 1 << 16

// known remembers the latest writes: how long streams are at least, and where
// the events of ids are. An append without an exact expectation is recognised
// as a repetition by that alone, which is as much as EventStoreDB does: it
// forgets, at a restart everything.
type known struct {
	mu      sync.Mutex
	lengths generations[eventstore.StreamName, uint64]
	events  generations[knownID, eventstore.Appended]
}

type knownID struct {
	stream eventstore.StreamName
	id     eventstore.EventID
}

// length returns a lower bound.
func (k *known) length(stream eventstore.StreamName) uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	length, _ := k.lengths.get(stream)
	return length
}

func (k *known) event(stream eventstore.StreamName, id eventstore.EventID) (eventstore.Appended, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.events.get(knownID{stream, id})
}

// add notes an append. The positions of its events follow each other: the
// embedded store, which scratch logs are kept in, leaves no gaps.
func (k *known) add(stream eventstore.StreamName, first eventstore.Revision, appended eventstore.Appended, events []eventstore.Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if length, _ := k.lengths.get(stream); length <= uint64(appended.Revision) {
		k.lengths.put(stream, uint64(appended.Revision)+1)
	}
	for i, e := range events {
		behind := len(events) - 1 - i
		k.events.put(knownID{stream, e.ID}, eventstore.Appended{
			Revision: first + eventstore.Revision(i),
			Position: appended.Position - eventstore.Position(behind),
		})
	}
}

// generations is a map that forgets what has not been put lately.
type generations[K comparable, V any] struct {
	young, old map[K]V
}

func (g *generations[K, V]) get(key K) (V, bool) {
	if value, ok := g.young[key]; ok {
		return value, true
	}
	value, ok := g.old[key]
	return value, ok
}

func (g *generations[K, V]) put(key K, value V) {
	if g.young == nil || len(g.young) >= maxKnown {
		g.young, g.old = make(map[K]V), g.young
	}
	g.young[key] = value
}
