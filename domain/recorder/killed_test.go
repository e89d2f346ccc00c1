package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"

	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// lifetime is the way of one server to the log. It ends at an append, which is stored
// or not; nothing that comes after reaches the log.
type lifetime struct {
	eventstore.Store
	mu      sync.Mutex // guards what follows
	appends int        // before the one at which it ends
	stores  bool       // that one, too
	ended   bool
}

func (l *lifetime) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return func(yield func(eventstore.Recorded, error) bool) {
			yield(eventstore.Recorded{}, eventstore.ErrUnavailable)
		}
	}
	return l.Store.Read(ctx, stream, from, include...)
}

func (l *lifetime) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || l.appends == 0 && !l.stores {
		l.ended = true
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	appended, err := l.Store.Append(ctx, stream, expected, events...)
	if l.appends == 0 {
		l.ended = true
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	l.appends--
	return appended, err
}

// live sends messages to a server whose processes run before and after each of them, and
// returns those that were not answered.
func (s scene) live(t *testing.T, lists lookup, way eventstore.Store, messages []message) (rest []message) {
	t.Helper()
	service := recorder.New(way, s.policy)
	fault := s.drive(t.Context(), lists, way)
	for _, m := range messages {
		if err := m(t.Context(), service); err != nil {
			rest = append(rest, m)
		}
		fault = s.drive(t.Context(), lists, way)
	}
	if len(rest) == 0 && fault != nil && !errors.Is(fault, eventstore.ErrUnavailable) {
		t.Fatal(fault)
	}
	return rest
}

// TestACreditIsMadeOnceWhereverAServerIsKilled kills one at every append: of claims, of
// settlements, of what callbacks, registrations and processes come to. Senders repeat
// what was not answered, in their order and in the other.
func TestACreditIsMadeOnceWhereverAServerIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	t.Parallel()
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, stores := range []bool{false, true} {
				for appends, ended := 0, true; ended; appends++ {
					ended = s.kill(t, appends, stores)
				}
			}
		})
	}
}

// kill reports whether the server has ended at the append.
func (s scene) kill(t *testing.T, appends int, stores bool) bool {
	t.Helper()
	when := fmt.Sprintf("killed at append %d, stored %t", appends, stores)
	log := sqlitetest.New(t)
	defer log.Close()
	lists := openLookup(t, log)
	way := &lifetime{Store: log, appends: appends, stores: stores}
	rest := s.live(t, lists, way, s.messages)
	if stores == (appends%2 == 0) {
		slices.Reverse(rest)
	}
	if rest = s.live(t, lists, log, rest); len(rest) > 0 {
		t.Fatalf("%s: %d messages stay without an answer", when, len(rest))
	}
	s.same(t, log, when)
	decided := s.tally(t, log).decided
	s.live(t, lists, log, s.messages)
	s.same(t, log, when+", and repeated")
	if again := s.tally(t, log).decided; !maps.EqualFunc(decided, again, slices.Equal) {
		t.Errorf("%s: decided was %v, and after repetitions %v", when, decided, again)
	}
	return way.ended
}
