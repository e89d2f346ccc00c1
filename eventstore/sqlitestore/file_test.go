package sqlitestore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// foreign runs SQL on a log's file as any other program would.
func foreign(t *testing.T, directory, script string) error {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(directory, "daybook.db"), sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetBusyTimeout(0)
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	return sqlitex.ExecuteScript(conn, script, nil)
}

func TestEventsCannotBeChangedInTheFile(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	stored := []eventstore.StreamName{eventstore.LogStream, "order-1", "order-2"}
	for _, stream := range stored[1:] {
		if err := appendTo(store, stream); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, store)
	const values = "zeroblob(16), 'T', 1, 0, x'7b7d', x'7b7d')"
	for name, script := range map[string]string{
		"UPDATE":                     "UPDATE events SET data = x'7b7d' WHERE position = 2",
		"UPDATE of a position":       "UPDATE events SET position = 9 WHERE position = 3",
		"DELETE":                     "DELETE FROM events WHERE position = 3",
		"DELETE of all":              "DELETE FROM events",
		"REPLACE of a position":      "REPLACE INTO events VALUES (2, 'order-9', 9, 0, " + values,
		"REPLACE of a revision":      "INSERT OR REPLACE INTO events VALUES (3, 'order-1', 9, 0, " + values,
		"INSERT of a revision":       "INSERT OR IGNORE INTO events VALUES (3, 'order-1', 9, 0, " + values,
		"INSERT within the log":      "INSERT INTO events VALUES (0, 'order-9', 9, 0, " + values,
		"UPSERT":                     "INSERT INTO events VALUES (2, 'order-9', 9, 0, " + values + " ON CONFLICT DO UPDATE SET data = x'7b7d'",
		"INSERT OR REPLACE selected": "INSERT OR REPLACE INTO events SELECT position, stream, stream_hash, revision, id, type, schema, recorded_at, x'7b7d', metadata FROM events",
	} {
		err := foreign(t, directory, script+";")
		if err == nil || !strings.Contains(err.Error(), "events are append-only") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	store = open(t, directory)
	if err := sameStreams(store, stored); err != nil {
		t.Error(err)
	}
	for event, err := range store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if len(event.Data) < 500 {
			t.Errorf("the data of %s is %s", event.Stream, event.Data)
		}
	}
}

func TestForeignFilesAreRefusedAndLeftAlone(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, directory string){
		"tables of another program": func(t *testing.T, directory string) {
			if err := foreign(t, directory, "CREATE TABLE theirs (id INTEGER PRIMARY KEY);"); err != nil {
				t.Fatal(err)
			}
		},
		"no database": func(t *testing.T, directory string) {
			text := bytes.Repeat([]byte("This is a text.\n"), 100)
			if err := os.WriteFile(filepath.Join(directory, "daybook.db"), text, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a later version": func(t *testing.T, directory string) {
			shut(t, open(t, directory))
			if err := foreign(t, directory, fmt.Sprintf("PRAGMA user_version = %d;", sqlitestore.FormatVersion+1)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			make(t, directory)
			before := readFile(t, directory)
			_, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
			if err == nil || !strings.Contains(err.Error(), "daybook.db") {
				t.Errorf("open: got error %v", err)
			}
			_, err = sqlitestore.OpenReadOnly(t.Context(), directory)
			if err == nil || !strings.Contains(err.Error(), "daybook.db") {
				t.Errorf("open read-only: got error %v", err)
			}
			if !bytes.Equal(readFile(t, directory), before) {
				t.Error("the file has changed")
			}
		})
	}
}

func readFile(t *testing.T, directory string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(directory, "daybook.db"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestAnEmptyFileOfAnInterruptedStartBecomesALog(t *testing.T) {
	directory := t.TempDir()
	conn, err := sqlite.OpenConn(filepath.Join(directory, "daybook.db"), sqlite.OpenReadWrite, sqlite.OpenCreate, sqlite.OpenWAL)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if len(readFile(t, directory)) == 0 {
		t.Fatal("the file has no header")
	}
	if _, err := eventstore.LogID(t.Context(), open(t, directory)); err != nil {
		t.Error(err)
	}
}

const theirs = "INSERT INTO events VALUES (2, 'order-theirs', 1639884791801298273, 0, zeroblob(16), 'T', 1, 0, x'7b7d', x'7b7d');"

func TestNoOtherProgramWritesBesideTheStore(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	if err := foreign(t, directory, theirs); sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy {
		t.Errorf("got error %v", err)
	}
	if err := appendTo(store, "order-ours"); err != nil {
		t.Error(err)
	}
}

func TestAnEventOfAnotherProgramIsPartOfTheLog(t *testing.T) {
	directory := t.TempDir()
	shut(t, open(t, directory))
	if err := foreign(t, directory, theirs); err != nil {
		t.Fatal(err)
	}
	store := open(t, directory)
	if err := appendTo(store, "order-theirs"); !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("got error %v", err)
	}
	if err := appendTo(store, "order-ours"); err != nil {
		t.Error(err)
	}
	if err := sameStreams(store, []eventstore.StreamName{eventstore.LogStream, "order-theirs", "order-ours"}); err != nil {
		t.Error(err)
	}
}

func TestOnlyOneStoreMayWrite(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	_, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: directory})
	if !errors.Is(err, eventstore.ErrLocked) {
		t.Errorf("a second store in the process: got error %v", err)
	}
	other := start(t, "open", directory)
	if text := other.expect(t, "locked"); !strings.Contains(text, "read-only") {
		t.Errorf("the error does not say what to do: %s", text)
	}
	if err := appendTo(store, "order-1"); err != nil {
		t.Errorf("after the others were refused: %v", err)
	}
	shut(t, store)
	start(t, "open", directory).expect(t, "opened")
}
