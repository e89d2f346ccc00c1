package sqlitestore

import (
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// checkpointBytes is the length to which the write-ahead log grows before its
	// content is copied to the main file. That ends with a sync of all of it, which
	// the journal's sync waits for on the same disk: more at a time is slower.
	checkpointBytes = 4 << 20

	// restartTimeout bounds the wait of the filer for pages that are being
	// read.
	restartTimeout = 500 * time.Millisecond

	// heldFactor is how much longer the write-ahead log grows than usual while
	// somebody keeps it from beginning anew: the filer waits for him each time.
	heldFactor = 4
)

// checkpointer keeps the write-ahead log short. Most of it is copied to the
// main file on a connection of its own while the filer goes on. The filer
// copies the little that it added meanwhile, between two transactions, and
// waits for the pages that are being read, so that the write-ahead log begins
// anew also while somebody is always reading. An error of either is fatal to
// the store: it is not mistaken for one of a commit, but the same sync has
// failed.
type checkpointer struct {
	conn  *sqlite.Conn
	start chan struct{} // closed to end run
	done  chan error    // one for each start
	ended chan struct{} // closed when run has returned

	pages int64 // that checkpointBytes are

	// Of the filer.
	attempted int64 // length in pages at the last attempt
	held      bool  // somebody kept the log from beginning anew at the last attempt
	running   bool  // started and not done
}

// newCheckpointer opens the connection that copies.
func newCheckpointer(path string) (_ *checkpointer, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open log for checkpoints: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	conn.SetBusyTimeout(lockTimeout)
	for _, pragma := range []string{
		"PRAGMA synchronous = " + synchronous,
		"PRAGMA wal_autocheckpoint = 0",
		cacheSize(otherCache),
	} {
		if err := sqlitex.ExecuteTransient(conn, pragma, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", pragma, err)
		}
	}
	size, err := queryInt(conn, "PRAGMA page_size")
	if err != nil {
		return nil, fmt.Errorf("open log for checkpoints: %w", err)
	}
	return &checkpointer{
		conn:  conn,
		pages: checkpointBytes / size,
		start: make(chan struct{}, 1),
		done:  make(chan error, 1),
		ended: make(chan struct{}),
	}, nil
}

// run copies whenever it is told to, until start is closed.
func (c *checkpointer) run() {
	defer close(c.ended)
	for range c.start {
		c.done <- passive(c.conn)
	}
}

// close waits for a copying that is under way and ends run. The filer has
// stopped: what it has not been told is returned here.
func (c *checkpointer) close() error {
	close(c.start)
	<-c.ended
	var err error
	select {
	case err = <-c.done:
		if isDiskFull(err) {
			err = nil
		}
	default:
	}
	return errors.Join(err, c.conn.Close())
}

// committed is told of each transaction, and starts a copying when the write-ahead
// log has grown enough.
func (c *checkpointer) committed(s *statements) error {
	if c.running {
		return nil
	}
	_, length, err := checkpointWith(s.walSize)
	if err != nil {
		return fmt.Errorf("measure write-ahead log: %w", err)
	}
	if length < c.attempted {
		c.attempted = 0 // it was begun anew
	}
	due := c.attempted + c.pages
	if c.held {
		due = c.attempted + heldFactor*c.pages
	}
	if length >= due {
		c.attempted, c.running = length, true
		c.start <- struct{}{}
	}
	return nil
}

// finish is called by the filer with what done said. A foreign reader that
// holds on is not waited for: there will be another time.
func (c *checkpointer) finish(err error, conn *sqlite.Conn, s *statements) error {
	c.running = false
	if err == nil {
		conn.SetBusyTimeout(restartTimeout)
		c.held, _, err = checkpointWith(s.restart)
		conn.SetBusyTimeout(lockTimeout)
	}
	if err != nil && !isDiskFull(err) {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func passive(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare("PRAGMA wal_checkpoint(PASSIVE)")
	if err != nil {
		return err
	}
	return step(stmt)
}

// truncateWAL copies the write-ahead log to the main file, syncs that, and
// empties the log. A reader may be in the way; then it reports that not all
// was copied.
func truncateWAL(conn *sqlite.Conn) (complete bool, err error) {
	stmt, _, err := conn.PrepareTransient("PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return false, err
	}
	defer stmt.Finalize()
	if _, err := stmt.Step(); err != nil {
		return false, fmt.Errorf("checkpoint: %w", err)
	}
	busy, length, copied := stmt.ColumnBool(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)
	return !busy || 0 <= length && length == copied, nil
}

// checkpointWith carries out a checkpoint. It returns whether somebody held it up,
// and the length in pages of the write-ahead log.
func checkpointWith(stmt *sqlite.Stmt) (held bool, length int64, err error) {
	if _, err := stmt.Step(); err != nil {
		return false, 0, err
	}
	held, length = stmt.ColumnBool(0), stmt.ColumnInt64(1)
	return held, length, stmt.Reset()
}
