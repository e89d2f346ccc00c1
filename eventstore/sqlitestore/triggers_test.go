package sqlitestore

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

func TestTheFilerAloneInsertsWithoutTriggers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "daybook.db")
	conn, f := prepare(t, path)
	if runsTriggers(t, conn) {
		t.Error("the filer runs triggers")
	}
	if !runsTriggers(t, connect(t, path)) {
		t.Error("another connection runs no triggers")
	}
	event := entry{Recorded: eventstore.Recorded{Stream: "order-1", RecordedAt: time.Now()}}
	insert := func(position, end eventstore.Position) error {
		event.Position, f.end.position = position, end
		return f.insert([]entry{event}, yield)
	}
	for position, end := range map[eventstore.Position]eventstore.Position{0: 1, 1: 1, 3: 1, 2: 0} {
		if err := insert(position, end); !errors.Is(err, errDamaged) {
			t.Errorf("position %s behind %s: got error %v", position, end, err)
		}
	}
	if err := insert(1, 0); sqlite.ErrCode(err) != sqlite.ResultConstraintPrimaryKey {
		t.Errorf("a position that is taken: got error %v", err)
	}
	if err := insert(2, 1); err != nil {
		t.Error(err)
	}
}

// prepare returns the connection of a filer, and the filer.
func prepare(t *testing.T, path string) (*sqlite.Conn, *filer) {
	t.Helper()
	conn := connect(t, path)
	f, err := prepareFile(t.Context(), conn, path, time.Now)
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

// runsTriggers reports whether an INSERT of an event is compiled with a trigger.
func runsTriggers(t *testing.T, conn *sqlite.Conn) (found bool) {
	t.Helper()
	program, _, err := conn.PrepareTransient("EXPLAIN " + insertEvent)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Finalize()
	for {
		instruction, err := program.Step()
		if err != nil {
			t.Fatal(err)
		}
		if !instruction {
			return found
		}
		found = found || program.GetText("opcode") == "Program"
	}
}
