package sqlitestore

import (
	"fmt"

	"zombiezen.com/go/sqlite"
)

// checkpointPages is the length in pages to which the write-ahead log grows
// before its content is copied to the main file.
const checkpointPages = 8000

// checkpointer keeps the write-ahead log short. It runs between transactions
// and not inside COMMIT, as SQLite's own would, so that callers are answered
// first and an error of a checkpoint is not mistaken for one of a commit.
type checkpointer struct {
	attempted int64 // length in pages at the last attempt
}

// run copies the write-ahead log to the main file if it has grown enough. An
// error is fatal to the store.
func (c *checkpointer) run(s *statements) error {
	length, err := queryCheckpoint(s.walSize)
	if err != nil {
		return fmt.Errorf("measure write-ahead log: %w", err)
	}
	if length < c.attempted {
		c.attempted = 0 // it was begun anew
	}
	if length < c.attempted+checkpointPages {
		return nil
	}
	c.attempted = length
	if _, err = queryCheckpoint(s.checkpoint); err != nil && !isFull(err) {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
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

// queryCheckpoint returns the length in pages of the write-ahead log.
func queryCheckpoint(stmt *sqlite.Stmt) (int64, error) {
	if _, err := stmt.Step(); err != nil {
		return 0, err
	}
	length := stmt.ColumnInt64(1)
	return length, stmt.Reset()
}
