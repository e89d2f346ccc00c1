package sqlitestore_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestShortLivesEnterBlocks files so little in each process that none enters a block.
func TestShortLivesEnterBlocks(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(16, 1))
	directory := t.TempDir()
	for i := range 64 {
		store := open(t, directory)
		if err := appendTo(store, eventstore.StreamName(fmt.Sprintf("order-%d", i))); err != nil {
			t.Fatal(err)
		}
		shut(t, store)
	}
	if n := indexed(t, directory); n < 32 {
		t.Errorf("the index ends at %d of 65 events", n)
	}
}

func TestTheIndexCannotBeChangedInTheFile(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(4, 4))
	directory := withIndex(t)
	for _, script := range []string{
		"DELETE FROM runs", "UPDATE runs SET events = 0", "DELETE FROM indexed", "INSERT INTO indexed VALUES (4)",
		"UPDATE indexed SET position = 0", "UPDATE indexed SET position = 1000000",
	} {
		if err := foreign(t, directory, script+";"); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: got error %v", script, err)
		}
	}
}

// withIndex makes a log of some orders that are in the index.
func withIndex(t *testing.T) (directory string) {
	t.Helper()
	directory = t.TempDir()
	for i := range 12 {
		store := open(t, directory)
		if err := appendTo(store, eventstore.StreamName(fmt.Sprintf("order-%d", i))); err != nil {
			t.Fatal(err)
		}
		shut(t, store)
	}
	return directory
}

// TestADamagedIndexIsNoticed damages it as a bad disk could: without what guards it.
// That rows are lost is noticed when the store has read the whole index, soon after
// the start.
func TestADamagedIndexIsNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("one step after another: nothing for the race detector")
	}
	t.Cleanup(sqlitestore.SetBlocks(4, 4))
	for name, damage := range map[string]string{
		"a row is lost":          "DELETE FROM runs WHERE position = 2;",
		"all rows are lost":      "DELETE FROM runs;",
		"a row is too long":      "UPDATE runs SET events = 2 WHERE position = 2;",
		"a row is zeros":         "UPDATE runs SET events = 0 WHERE position = 2;",
		"a row leads elsewhere":  "UPDATE runs SET position = 3 WHERE position = 2;",
		"the end is too early":   "UPDATE indexed SET position = 1;",
		"the end is behind all":  "UPDATE indexed SET position = 4000;",
		"nothing says the end":   "DELETE FROM indexed;",
		"the end is another one": "UPDATE indexed SET position = 0;", // which is entered again
	} {
		t.Run(name, func(t *testing.T) {
			directory := withIndex(t)
			if err := foreign(t, directory, `
				DROP TRIGGER runs_refuse_update;
				DROP TRIGGER runs_refuse_delete;
				DROP TRIGGER indexed_refuse_update;
				DROP TRIGGER indexed_refuse_delete;`+damage); err != nil {
				t.Fatal(err)
			}
			store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
			if err != nil {
				if !strings.Contains(err.Error(), "damaged") {
					t.Errorf("got error %v", err)
				}
				return
			}
			defer store.Close()
			other := event("order-0", 10)
			other.ID = eventstore.DeriveID("order-0", "other", 0)
			if _, err := store.Append(t.Context(), "order-0", eventstore.NoStream, other); err != nil {
				return
			}
			select {
			case <-store.Failed():
			case <-time.After(patience):
				t.Error("the first event of a stream that has one was accepted, and nobody has noticed")
			}
		})
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
