package redismodel

import (
	"fmt"
	"sync"
	"sync/atomic"

	"daybook/projections/follow"
)

// maxLost is how many names may be made again one by one. More are a model that
// is filled again as a whole.
const maxLost = 50_000

// errTooMuch says that more is lost than is made again one by one.
var errTooMuch = fmt.Errorf("more than %d users or orders have lost a key: %w", maxLost, follow.ErrLost)

// lost are the names whose keys were found missing or not in order, and that
// were not made again yet.
type lost struct {
	count atomic.Int64 // of names, for callers that look often

	mu        sync.Mutex      // guards what follows
	names     map[string]bool // and whether it is beyond doubt
	isTooMany bool
}

// Suspect notes that what is stored under a name, as it is in keys, seems not to be
// in order. It may be called from any goroutine.
func (m *Model) Suspect(name string) { m.lost.note(name, false) }

// MarkLost is Suspect of what need not be looked at again before it is made again.
func (m *Model) MarkLost(name string) { m.lost.note(name, true) }

func (l *lost) note(name string, isSure bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.names) == maxLost {
		l.isTooMany = true
		return
	}
	if l.names == nil {
		l.names = make(map[string]bool)
	}
	l.names[name] = l.names[name] || isSure
	l.count.Store(int64(len(l.names)))
}

// HasLost reports whether any name is noted.
func (m *Model) HasLost() bool { return m.lost.count.Load() > 0 }

// IsLost reports whether a name is noted.
func (m *Model) IsLost(name string) bool {
	if !m.HasLost() {
		return false
	}
	m.lost.mu.Lock()
	defer m.lost.mu.Unlock()
	_, isNoted := m.lost.names[name]
	return isNoted
}

// IsCertain reports whether a name was given to MarkLost.
func (m *Model) IsCertain(name string) bool {
	m.lost.mu.Lock()
	defer m.lost.mu.Unlock()
	return m.lost.names[name]
}

// Lost returns names that are noted, at most so many.
func (m *Model) Lost(most int) []string {
	m.lost.mu.Lock()
	defer m.lost.mu.Unlock()
	names := make([]string, 0, min(most, len(m.lost.names)))
	for name := range m.lost.names {
		if len(names) == most {
			break
		}
		names = append(names, name)
	}
	return names
}

// Unmark notes that a name is in order again.
func (m *Model) Unmark(name string) {
	m.lost.mu.Lock()
	defer m.lost.mu.Unlock()
	delete(m.lost.names, name)
	m.lost.count.Store(int64(len(m.lost.names)))
}

func (l *lost) isTooMuch() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isTooMany
}

// clear forgets what is noted of a model that is filled again.
func (l *lost) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names, l.isTooMany = nil, false
	l.count.Store(0)
}
