package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
)

// lockTimeout bounds the wait for a foreign program, such as the sqlite3
// shell, that holds a lock on the file.
const lockTimeout = 5 * time.Second

// prepareFile brings the file to the state that the filer starts from: known
// format, first event present, write-ahead log empty. ctx ends waiting for
// locks.
func prepareFile(ctx context.Context, conn *sqlite.Conn, path string, options Options) (*filer, error) {
	conn.SetBusyTimeout(lockTimeout)
	conn.SetInterrupt(ctx.Done())
	defer conn.SetInterrupt(nil)

	missing := checkFormat(conn, path)
	if missing != nil && !errors.Is(missing, errEmpty) {
		return nil, missing
	}
	if err := configure(conn); err != nil {
		return nil, err
	}
	if errors.Is(missing, errEmpty) {
		if err := createLog(conn, options.Now(), options.Sandbox); err != nil {
			return nil, fmt.Errorf("create tables: %w", err)
		}
	}
	f := &filer{
		path:    path,
		conn:    conn,
		woken:   make(chan struct{}, 1),
		hurried: make(chan struct{}, 1),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	var err error
	if f.statements, err = prepareStatements(conn); err != nil {
		return nil, err
	}
	if f.index, err = openIndexer(conn); err != nil {
		return nil, err
	}
	if err := holdMemory(conn); err != nil {
		return nil, err
	}
	if f.end, err = readEnd(f.statements.end); err != nil {
		return nil, err
	}
	if f.end.position == 0 {
		return nil, fmt.Errorf("%w: it has no first event", errDamaged)
	}
	if err := f.index.catchUp(f.end.position); err != nil {
		return nil, err
	}
	return f, f.settle()
}

// settle makes all that is in the write-ahead log durable, also what a sync that
// failed may have left in the page cache only. It copies it to the main file. A
// reader that is stopped in the middle of a page keeps it from that; then the
// write-ahead log is written once more in its place.
func (f *filer) settle() error {
	if !f.settleHeld {
		f.conn.SetBusyTimeout(restartTimeout)
		complete, err := truncateWAL(f.conn)
		f.conn.SetBusyTimeout(lockTimeout)
		if err != nil || complete {
			return err
		}
		f.settleHeld = true // waiting for it each time would delay the start
	}
	return rewriteFile(f.path + "-wal")
}

// rewriteFile writes what a file has over itself, and syncs it. Whoever reads it
// meanwhile finds the same.
func rewriteFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(file, 0), io.NewSectionReader(file, 0, math.MaxInt64))
	return errors.Join(err, file.Sync(), file.Close())
}

func configure(conn *sqlite.Conn) error {
	for _, pragma := range []string{
		fmt.Sprintf("PRAGMA page_size = %d", pageSize), // before the file has content
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = " + synchronous,
		"PRAGMA wal_autocheckpoint = 0", // see checkpointer
		cacheSize(filerCache),
		"PRAGMA temp_store = MEMORY",
	} {
		if err := sqlitex.ExecuteTransient(conn, pragma, nil); err != nil {
			return fmt.Errorf("%s: %w", pragma, err)
		}
	}
	mode, err := queryText(conn, "PRAGMA journal_mode")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system does not support a write-ahead log: journal mode is %s", mode)
	}
	return nil
}

// createLog makes the tables and the event that names the log. It is one
// transaction: a process that is killed here leaves an empty file, which the
// next one fills.
func createLog(conn *sqlite.Conn, now time.Time, sandbox bool) (err error) {
	created, err := eventstore.NewLog(now, sandbox)
	if err != nil {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	script := tables + fmt.Sprintf("PRAGMA application_id = %d; ", applicationID) + setVersion
	if err := sqlitex.ExecScript(conn, script); err != nil {
		return err
	}
	stmt, err := conn.Prepare(insertEvent)
	if err != nil {
		return err
	}
	first := eventstore.Recorded{Event: created, Stream: eventstore.LogStream, Position: 1, RecordedAt: now}
	return insert(stmt, &first, hashOf(first.Stream))
}

func queryText(conn *sqlite.Conn, query string) (string, error) {
	stmt, _, err := conn.PrepareTransient(query)
	if err != nil {
		return "", err
	}
	defer stmt.Finalize()
	return sqlitex.ResultText(stmt)
}
