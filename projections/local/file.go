package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/projections/follow"
)

// errDoubt says that the file cannot be trusted.
var errDoubt = errors.New("the file cannot be trusted")

const (
	// readConnections is how many queries run at once.
	readConnections = 2

	// checkpointPages is how many pages the write-ahead log gathers before SQLite
	// copies them to the file, which syncs.
	checkpointPages = 4000
)

// open opens the file, or makes one, unless it is open. A file that was taken away
// or replaced is a doubt.
func (m *Model) open() error {
	if m.writer != nil {
		if now, err := os.Stat(m.path); err != nil || !os.SameFile(now, m.file) {
			return fmt.Errorf("%w: it was taken away or replaced", errDoubt)
		}
		return nil
	}
	if err := m.acquire(); err != nil {
		return err
	}
	if err := createFile(m.path); err != nil {
		return err
	}
	writer, err := sqlite.OpenConn(m.path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	if err := prepare(writer); err != nil {
		return errors.Join(err, writer.Close())
	}
	file, err := os.Stat(m.path)
	if err != nil {
		return errors.Join(err, writer.Close())
	}
	readers, err := sqlitex.NewPool(m.path, sqlitex.PoolOptions{Flags: sqlite.OpenReadOnly, PoolSize: readConnections})
	if err != nil {
		return errors.Join(err, writer.Close())
	}
	m.writer, m.readers, m.file = writer, readers, file
	return nil
}

// createFile makes an empty file that its owner alone may read, unless there is one.
func createFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// acquire keeps other processes from the file: deleting it under one would leave
// that with a file without a name.
func (m *Model) acquire() error {
	if m.lock != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o700); err != nil {
		return err
	}
	lock := flock.New(m.path+".lock", flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		err = errors.New("another daybook uses it: give each one a --data directory of its own")
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", m.path, err)
	}
	m.lock = lock
	return nil
}

// prepare makes the tables of an empty file, and refuses one that has others.
func prepare(conn *sqlite.Conn) error {
	conn.SetBusyTimeout(time.Second) // for a person with a shell
	for _, pragma := range []string{
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL",
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages),
	} {
		if err := sqlitex.ExecuteTransient(conn, pragma, nil); err != nil {
			return err
		}
	}
	var made [3]int64
	for i, query := range []string{"SELECT count(*) FROM sqlite_schema", "PRAGMA application_id", "PRAGMA user_version"} {
		err := sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error { made[i] = stmt.ColumnInt64(0); return nil },
		})
		if err != nil {
			return err
		}
	}
	switch made {
	case [3]int64{schemaObjects, applicationID, int64(FoldVersion())}:
		return nil
	case [3]int64{}:
		return sqlitex.ExecScript(conn, tables+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, FoldVersion()))
	}
	return fmt.Errorf("%w: it was made by another version of this program, or by another program", errDoubt)
}

// discard replaces the file by an empty one, and says why.
func (m *Model) discard(why error) error {
	m.logger.Warn("local.db is folded again from the log; its lists answer 503 meanwhile", "reason", why)
	if err := errors.Join(m.close(), m.acquire()); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.RemoveAll(m.path + suffix); err != nil {
			return err
		}
	}
	return m.open()
}

func (m *Model) close() error {
	if m.writer == nil {
		return nil
	}
	err := errors.Join(m.readers.Close(), m.writer.Close())
	m.writer, m.readers = nil, nil
	return err
}

// isDoubt reports whether an error says that the content of the file is not what
// this program wrote, as opposed to a disk that is full or a context that ended.
func isDoubt(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB, sqlite.ResultCorrupt, sqlite.ResultConstraint, sqlite.ResultMismatch:
		return true
	}
	return errors.Is(err, errDoubt)
}

// suspect remembers a doubt that a query has met, for the next Load.
func (m *Model) suspect(err error) {
	if isDoubt(err) {
		select {
		case m.doubts <- err:
		default:
		}
	}
}

// query lends a connection for one transaction that reads.
func (m *Model) query(ctx context.Context, read func(*sqlite.Conn) error) (err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.readers == nil {
		return unreachable(errors.New("local.db is not open"))
	}
	conn, err := m.readers.Take(ctx)
	if err != nil {
		return err
	}
	defer m.readers.Put(conn)
	defer sqlitex.Transaction(conn)(&err)
	err = read(conn)
	m.suspect(err)
	if err != nil && ctx.Err() == nil {
		err = unreachable(err)
	}
	return err
}

// unreachable wraps what keeps the file from being read or written. Trying again
// may help.
func unreachable(err error) error {
	return &follow.Fault{
		Reason: "local.db in the data directory cannot be read or written: look for space and rights there, and for another daybook that uses the directory.",
		Err:    fmt.Errorf("%w: %w", follow.ErrUnreachable, err),
	}
}
