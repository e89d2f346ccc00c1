package local

import (
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/projections/follow"
)

const (
	// applicationID marks the file: "DAYL" in ASCII.
	applicationID = 0x4441594C

	// tablesVersion is the version of the tables below, a part of FoldVersion.
	tablesVersion = 4

	// schemaObjects is how many tables and indexes they are, with those that SQLite
	// makes by itself.
	schemaObjects = 10
)

// tables are the file's tables. Times are microseconds since 1970, UTC; 0 is none.
const tables = `
CREATE TABLE checkpoint (
  log_id   TEXT NOT NULL,
  fold     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  event    BLOB NOT NULL,
  stream   TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT;

CREATE TABLE items (
  list      TEXT NOT NULL,
  settled   INTEGER NOT NULL, -- 1: closed, and kept in case it is opened again
  position  INTEGER NOT NULL, -- of the event that opened it
  key       TEXT NOT NULL,
  event     TEXT NOT NULL,
  stream    TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  due       INTEGER NOT NULL,
  reason    TEXT NOT NULL,
  user      TEXT NOT NULL,
  payment   TEXT NOT NULL,
  details   TEXT NOT NULL,    -- a JSON object
  again     INTEGER NOT NULL,
  again_at  INTEGER NOT NULL,
  PRIMARY KEY (list, settled, position, key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX items_key ON items (list, key);
CREATE INDEX items_reason ON items (list, settled, reason, position, opened_at);
CREATE INDEX items_due ON items (list, settled, due, position);

-- What an event names, as a hash, where the event stands, and after which position it
-- is read: EventStoreDB begins at none but those that it has given.
CREATE TABLE keys (
  hash     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  after    INTEGER NOT NULL,
  PRIMARY KEY (hash, position)
) STRICT, WITHOUT ROWID;

-- After which position the events of a second are read.
CREATE TABLE seconds (
  second INTEGER PRIMARY KEY,
  after  INTEGER NOT NULL
) STRICT;

-- Orders. User and reference are hashes, as in keys, which has each of them at the
-- position created too; 0 is none.
CREATE TABLE orders (
  created   INTEGER PRIMARY KEY, -- position of its first event
  after     INTEGER NOT NULL,    -- after which position that is read
  changed   INTEGER NOT NULL,    -- position of its last event
  stream    TEXT NOT NULL,
  user      INTEGER NOT NULL,
  reference INTEGER NOT NULL,
  status    TEXT NOT NULL
) STRICT;

CREATE INDEX orders_changed ON orders (changed);
CREATE INDEX orders_status ON orders (status, created);
`

// readCheckpoint returns the stored checkpoint, zero if there is none.
func readCheckpoint(conn *sqlite.Conn) (stored follow.Checkpoint, err error) {
	err = sqlitex.Execute(conn, "SELECT log_id, fold, position, event, stream, revision FROM checkpoint", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			stored = follow.Checkpoint{
				LogID: row.ColumnText(0), Fold: row.ColumnInt(1), Position: eventstore.Position(row.ColumnInt64(2)),
				Stream: eventstore.StreamName(row.ColumnText(4)), Revision: eventstore.Revision(row.ColumnInt64(5)),
			}
			row.ColumnBytes(3, stored.EventID[:])
			return nil
		},
	})
	return stored, err
}

func writeCheckpoint(conn *sqlite.Conn, c follow.Checkpoint) error {
	if err := sqlitex.Execute(conn, "DELETE FROM checkpoint", nil); err != nil {
		return err
	}
	return sqlitex.Execute(conn, "INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?, ?)", &sqlitex.ExecOptions{
		Args: []any{c.LogID, c.Fold, int64(c.Position), c.EventID[:], string(c.Stream), int64(c.Revision)},
	})
}
