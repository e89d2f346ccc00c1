package sqlitestore

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

func TestTheFilerOnlyExtendsTheLog(t *testing.T) {
	_, f := prepare(t, filepath.Join(t.TempDir(), "daybook.db"))
	event := entry{Recorded: eventstore.Recorded{Stream: "order-1", RecordedAt: time.Now()}}
	insert := func(position, end eventstore.Position) error {
		event.Position, f.end.position = position, end
		return f.insert([]entry{event}, yield)
	}
	for position, end := range map[eventstore.Position]eventstore.Position{0: 1, 1: 1, 3: 1, 2: 0} {
		if err := insert(position, end); !errors.Is(err, errDamaged) {
			t.Errorf("position %s after %s: got error %v", position, end, err)
		}
	}
	if err := insert(1, 0); sqlite.ErrCode(err) != sqlite.ResultConstraintTrigger {
		t.Errorf("a position that the file has: got error %v", err)
	}
	if err := insert(2, 1); err != nil {
		t.Error(err)
	}
}

// prepare returns the connection of a filer, and the filer.
func prepare(t *testing.T, path string) (*sqlite.Conn, *filer) {
	t.Helper()
	conn := connect(t, path)
	f, err := prepareFile(t.Context(), conn, path, Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return conn, f
}

func connect(t *testing.T, path string) *sqlite.Conn {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}
