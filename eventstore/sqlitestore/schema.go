package sqlitestore

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// applicationID marks the file as a daybook log: "DAYB" in ASCII.
	applicationID = 0x44415942

	// formatVersion is the version of the tables below. A program refuses files of
	// any other.
	formatVersion = 3

	// pageSize in bytes. Each page costs two writes, and what does not fit on one
	// pages of its own: evidence of the usual size fits.
	pageSize = 16384
)

// synchronous is the value of PRAGMA synchronous on the connections that write:
// FULL syncs the write-ahead log at every COMMIT. Anything else also leaves out
// the sync of the journal. Nothing in the program assigns it. It is a variable
// so that the proof of durability can itself be proven: a binary linked with
//
//	-ldflags "-X daybook/eventstore/sqlitestore.synchronous=OFF"
//
// must fail the test that counts syncs before answers.
var synchronous = "FULL"

// tables are the log and its index. metadata is the last column, so that reading
// the others does not follow it into overflow pages.
//
// runs is the index, kept behind the log: see index.go. That no revision is there
// twice is decided by the writer and checked by every reader; a unique index of
// the events would check it once more, and would let INSERT OR REPLACE delete a
// row without firing the trigger for deletes. Streams are found by a hash, see
// hashOf: that is a third of the cost of names.
//
// The triggers hold for every program that opens the file, this one included. An
// INSERT may only extend the log. That trigger says FAIL because ABORT would make
// SQLite keep a journal for undoing each single INSERT.
const tables = eventsTable + indexTables + journalTable

const eventsTable = `
CREATE TABLE events (
  position    INTEGER PRIMARY KEY,
  stream      TEXT NOT NULL,
  stream_hash INTEGER NOT NULL, -- first 8 bytes of its SHA-256, big-endian
  revision    INTEGER NOT NULL,
  id          BLOB NOT NULL,
  type        TEXT NOT NULL,
  schema      INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, -- microseconds since 1970, UTC
  data        BLOB NOT NULL,
  metadata    BLOB NOT NULL
) STRICT;

CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'events are append-only: UPDATE refused');
END;

CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events BEGIN
  SELECT RAISE(ABORT, 'events are append-only: DELETE refused');
END;

CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
WHEN NEW.position <= (SELECT max(position) FROM events)
BEGIN
  SELECT RAISE(FAIL, 'events are append-only: INSERT of an existing event refused');
END;
`

const indexTables = `
-- One row for events of a stream that are one behind the other in the log.
CREATE TABLE runs (
  stream_hash INTEGER NOT NULL,
  revision    INTEGER NOT NULL, -- of the first event
  position    INTEGER NOT NULL, -- of the first event
  events      INTEGER NOT NULL, -- how many there are
  PRIMARY KEY (stream_hash, revision, position)
) STRICT, WITHOUT ROWID;

-- One row: events up to this position are in runs.
CREATE TABLE indexed (
  position INTEGER NOT NULL
) STRICT;

INSERT INTO indexed VALUES (0);

CREATE TRIGGER runs_refuse_update BEFORE UPDATE ON runs BEGIN
  SELECT RAISE(ABORT, 'the index only grows: UPDATE refused');
END;

CREATE TRIGGER runs_refuse_delete BEFORE DELETE ON runs BEGIN
  SELECT RAISE(ABORT, 'the index only grows: DELETE refused');
END;

CREATE TRIGGER indexed_refuse_update BEFORE UPDATE ON indexed
WHEN NEW.position < OLD.position OR NEW.position > (SELECT max(position) FROM events)
BEGIN
  SELECT RAISE(ABORT, 'the index only grows, up to the end of the log: UPDATE refused');
END;

CREATE TRIGGER indexed_refuse_insert BEFORE INSERT ON indexed BEGIN
  SELECT RAISE(ABORT, 'the index has one end: INSERT refused');
END;

CREATE TRIGGER indexed_refuse_delete BEFORE DELETE ON indexed BEGIN
  SELECT RAISE(ABORT, 'the index has one end: DELETE refused');
END;
`

// journalTable says which journal the file belongs to, and whether the file is
// the whole log without it, see journalState.
const journalTable = `
CREATE TABLE journal (
  id     BLOB NOT NULL,    -- of the journal; zeroes: of none
  needed INTEGER NOT NULL  -- 1: it may have events that are not in the file
) STRICT;

INSERT INTO journal VALUES (zeroblob(16), 0);

CREATE TRIGGER journal_refuse_insert BEFORE INSERT ON journal BEGIN
  SELECT RAISE(ABORT, 'the log has one journal: INSERT refused');
END;

CREATE TRIGGER journal_refuse_delete BEFORE DELETE ON journal BEGIN
  SELECT RAISE(ABORT, 'the log has one journal: DELETE refused');
END;
`

var setVersion = fmt.Sprintf("PRAGMA user_version = %d;", formatVersion)

// errEmpty says that a file holds no tables of any program.
var errEmpty = errors.New("the file is empty")

// checkFormat refuses a file that is not a daybook log of the version that this
// program knows. It returns errEmpty for a file without content.
func checkFormat(conn *sqlite.Conn, path string) error {
	id, err := queryInt(conn, "PRAGMA application_id")
	if err != nil {
		return unreadable(path, err)
	}
	version, err := queryInt(conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	objects, err := queryInt(conn, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case id == 0 && version == 0 && objects == 0:
		return fmt.Errorf("%s: %w", path, errEmpty)
	case id != applicationID:
		return fmt.Errorf("%s is not a daybook log: it has application id %#x, not %#x", path, id, applicationID)
	case version != formatVersion:
		return fmt.Errorf("%s has format version %d, this program knows version %d: use the program that wrote it", path, version, formatVersion)
	}
	return nil
}

// unreadable says why the first look at a file failed.
func unreadable(path string, err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNotADB:
		return fmt.Errorf("%s is not a daybook log: %w", path, err)
	case sqlite.ResultCantOpen:
		return fmt.Errorf("%s: %w: if its directory is read-only, copy the log to one where SQLite can keep an index beside it", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func queryInt(conn *sqlite.Conn, query string) (int64, error) {
	stmt, _, err := conn.PrepareTransient(query)
	if err != nil {
		return 0, err
	}
	defer stmt.Finalize()
	return sqlitex.ResultInt64(stmt)
}
