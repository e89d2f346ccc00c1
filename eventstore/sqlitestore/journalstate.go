package sqlitestore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// journalState is what the file of the log says of the journal. It is durable in
// the file before the journal has its first frame, so that a file without the
// journal that it needs is not taken for the whole log. A store that is closed
// files everything and says that nothing else is needed.
type journalState struct {
	id     journal.ID // zero: the file belongs to none
	needed bool       // the journal may have events that are not in the file
}

func readJournalState(conn *sqlite.Conn) (s journalState, err error) {
	rows := 0
	err = sqlitex.Execute(conn, "SELECT id, needed FROM journal", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		rows++
		stmt.ColumnBytes(0, s.id[:])
		s.needed = stmt.ColumnBool(1)
		return nil
	}})
	if err == nil && rows != 1 {
		err = fmt.Errorf("%w: nothing says which journal it has", errDamaged)
	}
	return s, err
}

// setJournalState changes it in the transaction that is open.
func setJournalState(conn *sqlite.Conn, s journalState) error {
	return sqlitex.Execute(conn, "UPDATE journal SET id = ?, needed = ?", &sqlitex.ExecOptions{Args: []any{s.id[:], s.needed}})
}

// incomplete is an eventstore.ErrDamaged: a log that lacks events, which may have
// been acknowledged.
type incomplete struct {
	path  string // of the journal
	after eventstore.Position
	cause error
}

func (e incomplete) Error() string {
	return fmt.Sprintf("%v: it is not whole: %v: events after position %s may have been acknowledged and are not in %s. "+
		"Put %[5]s back as it was when the server stopped, with %[4]s and %[4]s-wal of the same moment, or the whole directory from a copy. "+
		"If it is lost for good, `daybook log accept-loss --reason TEXT` goes on without it",
		eventstore.ErrDamaged, e.cause, e.after, fileName, filepath.Base(e.path))
}

func (e incomplete) Unwrap() []error { return []error{eventstore.ErrDamaged, e.cause} }

// checkJournal returns the events of a journal that are after the end of the file,
// or what is wrong with it, beside those that can be used all the same. The error
// is the one of reading the journal.
func checkJournal(path string, state journalState, file end, contents journal.Contents, err error) ([]entry, error) {
	refuse := func(cause error) error { return incomplete{path, file.position, cause} }
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse(fmt.Errorf("%s is missing", path))
	case err != nil && !errors.Is(err, journal.ErrDamaged):
		return nil, err
	case contents.ID != journal.ID{} && contents.ID != state.id:
		return nil, refuse(fmt.Errorf("%s is the journal of another log, or of another time of this one", path))
	}
	events, unfit := unfiled(contents.Frames, file)
	switch err := cmp.Or(err, unfit); {
	case err != nil:
		return events, refuse(fmt.Errorf("%s: %w", path, err))
	case contents.End < uint64(file.position):
		return nil, refuse(fmt.Errorf("%s ends at position %d and is older than %s", path, contents.End, fileName))
	}
	return events, nil
}
