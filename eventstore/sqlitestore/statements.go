package sqlitestore

import (
	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

// statements are prepared once for the writing connection.
type statements struct {
	begin, commit, rollback *sqlite.Stmt
	insert                  *sqlite.Stmt
	exists                  *sqlite.Stmt // is there an event at this revision
	following               *sqlite.Stmt // ids from a revision on
	end                     *sqlite.Stmt
	probe                   *sqlite.Stmt
	restart, walSize        *sqlite.Stmt
}

func prepareStatements(conn *sqlite.Conn) (statements, error) {
	var s statements
	for _, each := range []struct {
		into  **sqlite.Stmt
		query string
	}{
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.rollback, "ROLLBACK"},
		{&s.insert, "INSERT OR FAIL INTO events (position, stream, revision, id, type, schema, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
		{&s.exists, "SELECT 1 FROM events WHERE stream = ? AND revision = ?"},
		{&s.following, "SELECT id, revision, position FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?"},
		{&s.end, "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1"},
		{&s.probe, "UPDATE probe SET count = count + 1 WHERE id = 1"},
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

// step runs a statement that returns no rows.
func step(stmt *sqlite.Stmt) error {
	if _, err := stmt.Step(); err != nil {
		return err // Step has reset the statement
	}
	return stmt.Reset()
}

// readEnd returns the zero end for an empty log.
func readEnd(stmt *sqlite.Stmt) (end, error) {
	found, err := stmt.Step()
	if err != nil || !found {
		return end{}, err
	}
	e := end{position: eventstore.Position(stmt.ColumnInt64(0)), recordedAt: stmt.ColumnInt64(1)}
	return e, stmt.Reset()
}
