package sqlitestore

import (
	"sync"

	"daybook/eventstore"
)

const (
	// tailEvents and tailBytes bound what is kept in memory of the end of the
	// log. A subscriber that falls further behind reads the file.
	tailEvents = 1 << 13
	tailBytes  = 8 << 20
)

// tail is the end of the log in memory, without metadata, so that subscribers
// at the end do not read back from the file what has just been written.
type tail struct {
	mu     sync.RWMutex
	events [tailEvents]eventstore.Recorded // by position, modulo its length
	first  eventstore.Position             // that is kept
	next   eventstore.Position             // behind the last one
	bytes  int                             // of data
}

// add appends committed events, whose positions follow each other.
func (t *tail) add(events []eventstore.Recorded) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range events {
		if e.Position != t.next {
			t.first = e.Position // the first since the log was opened
		}
		for t.first < e.Position && (e.Position-t.first >= tailEvents || t.bytes+len(e.Data) > tailBytes) {
			t.drop()
		}
		t.events[e.Position%tailEvents] = e
		t.bytes += len(e.Data)
		t.next = e.Position + 1
	}
}

func (t *tail) drop() {
	oldest := &t.events[t.first%tailEvents]
	t.bytes -= len(oldest.Data)
	*oldest = eventstore.Recorded{}
	t.first++
}

// page returns events behind a position, like a page of the file. ok is false
// if they are not all in memory.
func (t *tail) page(after eventstore.Position, buffer []eventstore.Recorded) (p page, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.next == 0 || after+1 < t.first {
		return page{}, false
	}
	p = page{events: buffer, last: true}
	for position := after + 1; position < t.next; position++ {
		if len(p.events) == maxPageEvents {
			p.last = false
			break
		}
		p.events = append(p.events, t.events[position%tailEvents])
	}
	return p, true
}
