package sqlitestore_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

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
		events[i].ID = eventstore.DeriveID(stream, fmt.Append(nil, len(stored)), eventstore.Revision(i))
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
		other.ID = eventstore.DeriveID(stream, []byte("other"), 0)
		if _, err := store.Append(t.Context(), stream, expected, other); !errors.Is(err, eventstore.ErrConflict) {
			t.Fatalf("%s: another append at %s: got error %v, want a conflict", stream, expected, err)
		}
	}
}

// TestStreamsAreFoundWhereverTheyAre has events in memory, in the file and in the
// index, and the index in part, because the store is closed again and again.
func TestStreamsAreFoundWhereverTheyAre(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(64, 5))
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			directory := t.TempDir()
			h := make(history)
			for round := range 40 {
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
	t.Cleanup(sqlitestore.SetBlocks(64, 5))
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	h := make(history)
	store := open(t, directory)
	reader := openReader(t, directory)
	for range 10 {
		for range 40 {
			h.append(t, store, random, eventstore.StreamName(fmt.Sprintf("order-%d", random.IntN(60))))
		}
		h.check(t, reader, random)
		shut(t, store)
		store = open(t, directory)
		h.check(t, reader, random)
	}
}

// TestAnEarlierFileIsUpgraded makes a file as version 1 was.
func TestAnEarlierFileIsUpgraded(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(32, 5))
	directory := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	h := make(history)
	store := open(t, directory)
	for range 100 {
		h.append(t, store, random, eventstore.StreamName(fmt.Sprintf("order-%d", random.IntN(30))))
	}
	shut(t, store)
	if err := foreign(t, directory, `
		DROP TABLE runs;
		DROP TABLE indexed;
		CREATE INDEX events_by_stream ON events (stream_hash, revision);
		PRAGMA user_version = 1;`); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitestore.OpenReadOnly(t.Context(), directory); err == nil || !strings.Contains(err.Error(), "start the server once") {
		t.Errorf("open read-only: got error %v, want one that names the remedy", err)
	}
	for range 2 {
		store = open(t, directory)
		h.check(t, store, random)
		h.conflict(t, store, random)
		h.check(t, openReader(t, directory), random)
		shut(t, store)
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

// indexed returns the position up to which the index has all events.
func indexed(t *testing.T, directory string) int {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(directory, "daybook.db"), sqlite.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stmt, err := conn.Prepare("SELECT position FROM indexed")
	if err != nil {
		t.Fatal(err)
	}
	position, err := sqlitex.ResultInt(stmt)
	if err != nil {
		t.Fatal(err)
	}
	return position
}
