package sqlitestore

import (
	"crypto/sha256"
	"encoding/binary"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

// statements are prepared once for the connection that files.
type statements struct {
	begin, commit, rollback *sqlite.Stmt
	insert, end             *sqlite.Stmt
	restart, walSize        *sqlite.Stmt
}

const lastEvent = "SELECT position, recorded_at, id FROM events ORDER BY position DESC LIMIT 1"

func prepareStatements(conn *sqlite.Conn) (statements, error) {
	var s statements
	for _, each := range []struct {
		into  **sqlite.Stmt
		query string
	}{
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.rollback, "ROLLBACK"},
		{&s.insert, insertEvent},
		{&s.end, lastEvent},
		{&s.restart, "PRAGMA wal_checkpoint(RESTART)"},
		{&s.walSize, "PRAGMA wal_checkpoint(NOOP)"},
	} {
		stmt, err := conn.Prepare(each.query)
		if err != nil {
			return statements{}, err
		}
		*each.into = stmt
	}
	return s, nil
}

// hashOf returns what a stream is found by in the file. It is a cryptographic
// hash, so that nobody can choose names that share one.
func hashOf(stream eventstore.StreamName) int64 {
	sum := sha256.Sum256([]byte(stream))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// step runs a statement that returns no rows.
func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return err // Step has reset the statement
	}
	return stmt.Reset()
}

func endAt(e *eventstore.Recorded) end {
	return end{position: e.Position, recordedAt: e.RecordedAt.UnixMicro(), id: e.ID}
}

// readEnd returns the zero end for an empty log.
func readEnd(stmt *sqlite.Stmt) (end, error) {
	found, err := stmt.Step()
	if err != nil {
		return end{}, err
	}
	var e end
	if found {
		e = end{position: eventstore.Position(stmt.ColumnInt64(0)), recordedAt: stmt.ColumnInt64(1)}
		stmt.ColumnBytes(2, e.id[:])
	}
	return e, stmt.Reset()
}
