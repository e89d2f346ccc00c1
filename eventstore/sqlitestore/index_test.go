package sqlitestore_test

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// history is what a log must have: the ids of the events of each stream.
type history map[eventstore.StreamName][]eventstore.EventID

// append appends one to four events to a stream, and once more as a caller does
// who has lost the answer.
func (h history) append(t *testing.T, store *sqlitestore.Store, random *rand.Rand, stream eventstore.StreamName) {
	t.Helper()
	stored := h[stream]
	expected := eventstore.NoStream
	if n := len(stored); n > 0 {
		expected = eventstore.At(eventstore.Revision(n - 1))
	}
	events := make([]eventstore.Event, 1+random.IntN(4))
	for i := range events {
		events[i] = event(stream, 10)
		events[i].ID = eventstore.DeriveID(stream, fmt.Sprint(len(stored)), eventstore.Revision(i))
		h[stream] = append(h[stream], events[i].ID)
	}
	first, err := store.Append(t.Context(), stream, expected, events...)
	if err != nil {
		t.Fatal(err)
	}
	if random.IntN(2) == 0 {
		return
	}
	again, err := store.Append(t.Context(), stream, expected, events...)
	if err != nil || again != first {
		t.Fatalf("%s: the same append came to %v and then to %v, %v", stream, first, again, err)
	}
}

// check reads every stream, from its beginning and from somewhere.
func (h history) check(t *testing.T, log eventstore.Reader, random *rand.Rand) {
	t.Helper()
	for stream, want := range h {
		for _, from := range []int{0, random.IntN(len(want) + 1)} {
			var got []eventstore.EventID
			for event, err := range log.Read(t.Context(), stream, eventstore.Revision(from)) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, event.ID)
			}
			if diff := cmp.Diff(append([]eventstore.EventID(nil), want[from:]...), got); diff != "" {
				t.Fatalf("%s from %d: %s", stream, from, diff)
			}
		}
	}
}

// conflict appends to every stream as if it were shorter.
func (h history) conflict(t *testing.T, store *sqlitestore.Store, random *rand.Rand) {
	t.Helper()
	for stream, stored := range h {
		expected := eventstore.NoStream
		if n := random.IntN(len(stored)); n > 0 {
			expected = eventstore.At(eventstore.Revision(n - 1))
		}
		other := event(stream, 10)
		other.ID = eventstore.DeriveID(stream, "other", 0)
		if _, err := store.Append(t.Context(), stream, expected, other); !errors.Is(err, eventstore.ErrConflict) {
			t.Fatalf("%s: another append at %s: got error %v, want a conflict", stream, expected, err)
		}
	}
}

// TestStreamsAreFoundWhereverTheyAre has events in memory, in the file and in the
// index, and the index in part, because the store is closed again and again.
func TestStreamsAreFoundWhereverTheyAre(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(64, 5))
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			directory := t.TempDir()
			h := make(history)
			for round := range 24 {
				store := open(t, directory)
				for range random.IntN(12) {
					h.append(t, store, random, eventstore.StreamName(fmt.Sprintf("order-%d", random.IntN(60))))
				}
				for range random.IntN(30) { // one after the other
					h.append(t, store, random, "address-1")
				}
				h.check(t, store, random)
				h.conflict(t, store, random)
				if round%8 == 7 {
					h.check(t, openReader(t, directory), random)
				}
				shut(t, store)
			}
			if n := indexed(t, directory); n < 64 {
				t.Errorf("the index has %d events, want a block at least", n)
			}
		})
	}
}

// TestAReaderFollowsTheIndex reads beside a store that goes on.
func TestAReaderFollowsTheIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("one step after another: nothing for the race detector")
	}
	t.Cleanup(sqlitestore.SetBlocks(64, 5))
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	h := make(history)
	store := open(t, directory)
	reader := openReader(t, directory)
	for range 4 {
		for range 40 {
			h.append(t, store, random, eventstore.StreamName(fmt.Sprintf("order-%d", random.IntN(60))))
		}
		h.check(t, reader, random)
		shut(t, store)
		store = open(t, directory)
		h.check(t, reader, random)
	}
}

// TestStreamsOfTheSameHashAreApart gives another stream's events the hash of one.
func TestStreamsOfTheSameHashAreApart(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(4, 1))
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	h := make(history)
	store := open(t, directory)
	h.append(t, store, random, "order-1")
	shut(t, store)
	if err := foreign(t, directory, `
		WITH RECURSIVE
			series(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM series WHERE n < 2400),
			first AS MATERIALIZED (SELECT max(position) + 1 AS position, stream_hash FROM events WHERE stream = 'order-1')
		INSERT INTO events
			SELECT position + n, 'order-2', stream_hash, n, randomblob(16), 'T', 1, 0, x'7b7d', x'7b7d' FROM first, series;`); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		store = open(t, directory)
		h.append(t, store, random, "order-1")
		h.conflict(t, store, random)
		h.check(t, store, random)
		h.check(t, openReader(t, directory), random)
		shut(t, store)
	}
}

// TestARunThatGrowsWhileItIsRead pauses a reader until the index has more of a run
// than there was when it began.
func TestARunThatGrowsWhileItIsRead(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(1024, 5000))
	directory := t.TempDir()
	store := open(t, directory)
	length := 0
	add := func(n int) {
		t.Helper()
		expected := eventstore.NoStream
		if length > 0 {
			expected = eventstore.At(eventstore.Revision(length - 1))
		}
		events := make([]eventstore.Event, n)
		for i := range events {
			events[i] = event("address-1", 10)
			events[i].ID = eventstore.DeriveID("address-1", "", eventstore.Revision(length+i))
		}
		if _, err := store.Append(t.Context(), "address-1", expected, events...); err != nil {
			t.Fatal(err)
		}
		length += n
		shut(t, store)
		store = open(t, directory)
	}
	add(600)
	next, stop := iter.Pull2(openReader(t, directory).Read(t.Context(), "address-1", 0))
	defer stop()
	read := 0
	for {
		_, err, ok := next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if read++; read == 1 {
			add(500)
			add(1)
			if n := indexed(t, directory); n != 1024 {
				t.Fatalf("the index ends at %d", n)
			}
		}
	}
	if read < 600 {
		t.Errorf("read %d events, want 600 at least", read)
	}
}
