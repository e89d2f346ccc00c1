package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// stopwatch is a clock that stands still unless it is set.
type stopwatch struct{ microseconds atomic.Int64 }

func (c *stopwatch) now() time.Time      { return time.UnixMicro(c.microseconds.Load()) }
func (c *stopwatch) set(t time.Time)     { c.microseconds.Store(t.UnixMicro()) }
func (c *stopwatch) add(d time.Duration) { c.microseconds.Add(d.Microseconds()) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestRecordedTimesDoNotFollowAClockThatGoesBack(t *testing.T) {
	directory := t.TempDir()
	clock := new(stopwatch)
	var want []time.Time
	for restart, steps := range [][]time.Duration{{0, time.Hour, -2 * time.Hour}, {0, 3 * time.Hour}} {
		clock.set(noon.Add(-time.Duration(restart) * time.Hour))
		store := openWith(t, sqlitestore.Options{Directory: directory, Now: clock.now})
		for i, step := range steps {
			clock.add(step)
			if err := appendTo(store, eventstore.StreamName(fmt.Sprintf("order-%d.%d", restart, i))); err != nil {
				t.Fatal(err)
			}
		}
		shut(t, store)
	}
	hour := time.Hour
	want = []time.Time{noon, noon, noon.Add(hour), noon.Add(hour), noon.Add(hour), noon.Add(2 * hour)}
	i := 0
	for event, err := range openReader(t, directory).ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if !event.RecordedAt.Equal(want[i]) {
			t.Errorf("event %d was recorded at %s, want %s", i, event.RecordedAt, want[i])
		}
		i++
	}
}

func TestReadinessWritesOnlyWhenNothingWasWrittenOfLate(t *testing.T) {
	clock := new(stopwatch)
	clock.set(noon)
	directory := t.TempDir()
	store := openWith(t, sqlitestore.Options{Directory: directory, Now: clock.now})
	for i, step := range []struct {
		wait   time.Duration
		trials int
	}{{0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {500 * time.Millisecond, 2}, {time.Hour, 3}, {-time.Minute, 4}} {
		clock.add(step.wait)
		if err := store.Ready(t.Context()); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
		got, err := sqlitestore.Trials(directory)
		if err != nil {
			t.Fatal(err)
		}
		if got != step.trials {
			t.Errorf("step %d: %d trials, want %d", i, got, step.trials)
		}
	}
	shut(t, store)
	if err := store.Ready(t.Context()); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("a closed store is ready: %v", err)
	}
}

// gate lets a test hold the writer between two frames.
type gate struct {
	held   chan struct{} // receives when the writer has come to the gate
	opened chan struct{} // lets it through once closed
	events []int         // of each transaction behind the gate
	once   sync.Once
}

func newGate() *gate {
	return &gate{held: make(chan struct{}, 1), opened: make(chan struct{})}
}

func (g *gate) onCommit(events int, _ time.Duration) {
	g.events = append(g.events, events)
	g.once.Do(func() {
		g.held <- struct{}{}
		<-g.opened
	})
}

// hold opens a store whose writer is held, and returns what lets it go on.
func hold(t *testing.T, g *gate) *sqlitestore.Store {
	t.Helper()
	store := openWith(t, sqlitestore.Options{Directory: t.TempDir(), OnCommit: g.onCommit})
	first := make(chan error, 1)
	go func() { first <- appendTo(store, "order-first") }()
	t.Cleanup(func() {
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
	<-g.held
	return store
}

// awaitWaiting returns when a number of requests wait for the writer.
func awaitWaiting(t *testing.T, store *sqlitestore.Store, count int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for sqlitestore.Waiting(store) != count {
		if time.Now().After(deadline) {
			t.Fatalf("%d requests are waiting, want %d", sqlitestore.Waiting(store), count)
		}
		runtime.Gosched()
	}
}

func TestWaitingAppendsShareOneTransaction(t *testing.T) {
	g := newGate()
	store := hold(t, g)
	type result struct {
		appended eventstore.Appended
		err      error
	}
	twins, other, conflict := make(chan result, 2), make(chan result, 1), make(chan result, 1)
	submit := func(into chan result, waiting int, stream eventstore.StreamName, events ...eventstore.Event) {
		go func() {
			appended, err := store.Append(t.Context(), stream, eventstore.NoStream, events...)
			into <- result{appended, err}
		}()
		awaitWaiting(t, store, waiting)
	}
	submit(twins, 1, "order-twin", event("order-twin", 10))
	submit(twins, 2, "order-twin", event("order-twin", 10))
	submit(other, 3, "order-other", event("order-other", 10))
	submit(conflict, 4, "order-twin", event("order-other", 10))
	close(g.opened)

	one, two := <-twins, <-twins
	if one != two || one.err != nil {
		t.Errorf("two equal appends came to %v and %v", one, two)
	}
	if r := <-other; r.err != nil || r.appended.Position != one.appended.Position+1 {
		t.Errorf("the other append came to %v", r)
	}
	if r := <-conflict; !errors.Is(r.err, eventstore.ErrConflict) {
		t.Errorf("the conflicting append came to %v", r)
	}
	shut(t, store)
	if len(g.events) != 2 || g.events[1] != 2 {
		t.Errorf("the transactions had %v events, want 1 and 2", g.events)
	}
}

func TestACallerThatGivesUpDoesNotKnowTheOutcome(t *testing.T) {
	g := newGate()
	store := hold(t, g)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := store.Append(ctx, "order-given.up", eventstore.NoStream, event("order-given.up", 10))
		done <- err
	}()
	awaitWaiting(t, store, 1)
	cancel()
	if err := <-done; !errors.Is(err, eventstore.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	close(g.opened)
	awaitWaiting(t, store, 0) // a lone append goes before one that waits
	if err := appendTo(store, "order-last"); err != nil {
		t.Fatal(err)
	}
	if err := sameStreams(store, []eventstore.StreamName{eventstore.LogStream, "order-first", "order-given.up", "order-last"}); err != nil {
		t.Error(err)
	}
}

func TestClosingCommitsWhatWaitsAndRefusesTheRest(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	const writers = 8
	answers := make(chan []string)
	started := make(chan struct{}, writers)
	for writer := range writers {
		go func() {
			var stored []string
			for i := 0; ; i++ {
				stream := eventstore.StreamName(fmt.Sprintf("order-%d.%d", writer, i))
				err := appendTo(store, stream)
				if err != nil {
					if !errors.Is(err, eventstore.ErrUnavailable) {
						t.Errorf("got error %v", err)
					}
					answers <- stored
					return
				}
				stored = append(stored, string(stream))
				if i == 5 {
					started <- struct{}{}
				}
			}
		}()
	}
	subscribed := make(chan error)
	caughtUp := make(chan struct{}, 1)
	go func() {
		var last error
		for message, err := range store.Subscribe(context.Background(), 0) {
			last = err
			if message.CaughtUp && len(caughtUp) == 0 {
				caughtUp <- struct{}{}
			}
		}
		subscribed <- last
	}()
	for range writers {
		<-started
	}
	<-caughtUp
	shut(t, store)
	shut(t, store) // closing again is the same
	if err := <-subscribed; !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("the subscription ended with %v", err)
	}
	reader := openReader(t, directory)
	for range writers {
		contains(t, reader, <-answers)
	}
	select {
	case <-store.Failed():
		t.Error("a closed store has not failed")
	default:
	}
}
