package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// Snapshot is what the file of a directory says at one position, beside a server
// that may be running.
type Snapshot struct {
	Checkpoint follow.Checkpoint
	conn       *sqlite.Conn
	end        func(*error)
}

// ErrOtherVersion says that the file is of another version of this program, or that
// nothing is folded yet: the next start folds it again.
var ErrOtherVersion = errors.New("it is folded again at the next start")

// OpenSnapshot opens the file of a directory to read it.
func OpenSnapshot(ctx context.Context, directory string) (*Snapshot, error) {
	conn, err := sqlite.OpenConn(filepath.Join(directory, FileName), sqlite.OpenReadOnly)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", FileName, err)
	}
	conn.SetInterrupt(ctx.Done())
	s := &Snapshot{conn: conn}
	s.end = sqlitex.Transaction(conn)
	if s.Checkpoint, err = readCheckpoint(conn); err == nil && s.Checkpoint.Fold != FoldVersion() {
		err = ErrOtherVersion
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", FileName, err), s.Close())
	}
	return s, nil
}

// Each calls a function with every open item.
func (s *Snapshot) Each(each func(list string, item Item) error) error {
	return sqlitex.Execute(s.conn, itemColumns+"WHERE settled = 0", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error { return each(row.ColumnText(12), readItem(row)) },
	})
}

// Orders calls a function with every listed order that began after a position and up to
// another, and whether its user and its reference are among the keys of its first event.
func (s *Snapshot) Orders(after, to eventstore.Position, each func(order ListedOrder, isNamed bool)) error {
	const isNamed = ", (user = 0 OR (user, created) IN (SELECT hash, position FROM keys)) AND (reference = 0 OR (reference, created) IN (SELECT hash, position FROM keys)) "
	return sqlitex.Execute(s.conn, orderColumns+isNamed+"FROM orders WHERE created > ? AND created <= ?", &sqlitex.ExecOptions{
		Args:       []any{int64(after), int64(to)},
		ResultFunc: func(row *sqlite.Stmt) error { each(readOrder(row), row.ColumnBool(6)); return nil },
	})
}

// Close closes the file.
func (s *Snapshot) Close() (err error) {
	s.end(&err)
	return errors.Join(err, s.conn.Close())
}
