package sqlitestore

import (
	"slices"
	"sync"

	"daybook/eventstore"
)

const (
	// keptEvents and keptBytes are how much of the end of the log stays in
	// memory after it has been filed, for subscribers that follow closely; at
	// times twice as much does.
	keptEvents = 1 << 13
	keptBytes  = 8 << 20
)

// recent is the end of the log in memory: the events that are in the journal
// and not yet filed, whole, and some before them without their metadata. What
// is not here is in the file, always.
type recent struct {
	mu sync.RWMutex

	entries []entry             // consecutive positions
	first   eventstore.Position // of entries[0]; where the next event goes if there is none
	unfiled eventstore.Position // first that is not filed
	bytes   int                 // of data in entries that are filed

	heads map[eventstore.StreamName]eventstore.Position // last event not filed, by stream
}

type entry struct {
	eventstore.Recorded

	hash   int64               // of the stream, see hashOf
	before eventstore.Position // the stream's event before it, if it was not filed when this was added
}

// newRecent begins behind the end of the file.
func newRecent(end eventstore.Position) *recent {
	return &recent{first: end + 1, unfiled: end + 1, heads: make(map[eventstore.StreamName]eventstore.Position)}
}

// add appends events that are durable, and links them to those before them.
func (r *recent) add(events []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		e := &events[i]
		e.before = r.heads[e.Stream]
		r.heads[e.Stream] = e.Position
	}
	r.entries = append(r.entries, events...)
}

// at returns the entry of a position. The caller holds the lock.
func (r *recent) at(position eventstore.Position) *entry { return &r.entries[position-r.first] }

func (r *recent) end() eventstore.Position {
	return r.first + eventstore.Position(len(r.entries))
}

// head returns the revision of a stream's last event, if that is not filed.
func (r *recent) head(stream eventstore.StreamName) (eventstore.Revision, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	position, ok := r.heads[stream]
	if !ok {
		return 0, false
	}
	return r.at(position).Revision, true
}

// stream returns a stream's events that are not filed, from a revision on.
func (r *recent) stream(stream eventstore.StreamName, from eventstore.Revision) []eventstore.Recorded {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var events []eventstore.Recorded
	for position := r.heads[stream]; position >= r.unfiled; {
		e := r.at(position)
		if e.Revision < from {
			break
		}
		events = append(events, e.Recorded)
		position = e.before
	}
	slices.Reverse(events)
	return events
}

// page returns events behind a position like a page of the file. It reports
// false if the next event is in the file and not here, or not whole.
func (r *recent) page(after eventstore.Position, metadata bool) (page, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if after+1 < r.first || metadata && after+1 < r.unfiled {
		return page{}, false
	}
	p := page{last: true}
	if after+1 >= r.end() {
		return p, true
	}
	entries := r.entries[after+1-r.first:]
	if len(entries) > maxPageEvents {
		entries, p.last = entries[:maxPageEvents], false
	}
	p.events = make([]eventstore.Recorded, len(entries))
	for i := range entries {
		p.events[i] = withMetadata(entries[i].Recorded, metadata)
	}
	return p, true
}

// withMetadata completes the metadata of an event, or leaves it out.
func withMetadata(e eventstore.Recorded, metadata bool) eventstore.Recorded {
	if metadata {
		e.Metadata = eventstore.Stamp(e.Metadata, e.Schema, e.RecordedAt)
	} else {
		e.Metadata = nil
	}
	return e
}

// waiting returns how many events are not filed.
func (r *recent) waiting() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return int(r.end() - r.unfiled)
}

// toFile returns the oldest events that are not filed, as many as one
// transaction takes.
func (r *recent) toFile(buffer []entry) []entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	size := 0
	for position := r.unfiled; position < r.end() && len(buffer) < maxFiledEvents && size < maxFiledBytes; position++ {
		e := r.at(position)
		size += len(e.Data) + len(e.Metadata)
		buffer = append(buffer, *e)
	}
	return buffer
}

// filed says that events up to a position can be read from the file.
func (r *recent) filed(last eventstore.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; r.unfiled <= last; r.unfiled++ {
		e := r.at(r.unfiled)
		if r.heads[e.Stream] == r.unfiled {
			delete(r.heads, e.Stream)
		}
		e.Metadata = nil
		r.bytes += len(e.Data)
	}
	r.forget()
}

// forget drops filed events when there are twice as many as are kept.
func (r *recent) forget() {
	filed := int(r.unfiled - r.first)
	if filed <= 2*keptEvents && r.bytes <= 2*keptBytes {
		return
	}
	drop := 0
	for filed-drop > keptEvents || r.bytes > keptBytes && drop < filed {
		r.bytes -= len(r.entries[drop].Data)
		drop++
	}
	r.entries = slices.Delete(r.entries, 0, drop)
	r.first += eventstore.Position(drop)
}
