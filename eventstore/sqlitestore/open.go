package sqlitestore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/oklog/ulid/v2"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
)

// lockTimeout bounds the wait for a foreign program, such as the sqlite3
// shell, that holds a lock on the file.
const lockTimeout = 5 * time.Second

// prepareWriter brings the file to the state that run starts from: known
// format, write-ahead log empty, first event present. ctx ends waiting for
// locks.
func prepareWriter(ctx context.Context, conn *sqlite.Conn, path string, options Options) (*writer, error) {
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
	if missing != nil {
		if err := createTables(conn); err != nil {
			return nil, fmt.Errorf("create tables: %w", err)
		}
	}
	w := &writer{
		conn:     conn,
		now:      options.Now,
		onCommit: options.OnCommit,
		queue:    make(chan *request, queueLength),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
		failed:   make(chan struct{}),
	}
	var err error
	if w.statements, err = prepareStatements(conn); err != nil {
		return nil, err
	}
	if w.end, err = readEnd(w.statements.end); err != nil {
		return nil, err
	}
	w.seen = newSeen(w.end.position)
	if w.end.position == 0 {
		if err := w.createLog(); err != nil {
			return nil, fmt.Errorf("write the log's first event: %w", err)
		}
	}
	complete, err := truncateWAL(conn)
	if err != nil {
		return nil, err
	}
	if !complete {
		return nil, errors.New("checkpoint: another process has been reading the log for too long: stop it and try again")
	}
	return w, nil
}

func configure(conn *sqlite.Conn) error {
	for _, pragma := range []string{
		fmt.Sprintf("PRAGMA page_size = %d", pageSize), // before the file has content
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = " + synchronous,
		"PRAGMA wal_autocheckpoint = 0", // see checkpointer
		// 16 MiB. A larger cache does not pay: after a page split SQLite walks all
		// of it at the next commit, to drop one temporary page number.
		"PRAGMA cache_size = -16384",
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

// createTables is one transaction: a process that is killed here leaves an
// empty file, which the next one fills.
func createTables(conn *sqlite.Conn) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	script := tables + fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, formatVersion)
	return sqlitex.ExecScript(conn, script)
}

// createLog appends the event that names the log.
func (w *writer) createLog() error {
	id, err := ulid.New(ulid.Timestamp(w.now()), rand.Reader)
	if err != nil {
		return err
	}
	name := id.String()
	data, err := json.Marshal(eventstore.LogCreated{LogID: name})
	if err != nil {
		return err
	}
	metadata, err := eventstore.Metadata{CorrelationID: name, CausationID: name, CommandID: name, Actor: "daybook"}.Encode()
	if err != nil {
		return err
	}
	w.batch = []*request{{
		stream: eventstore.LogStream,
		events: []eventstore.Event{{
			ID:       eventstore.DeriveID(eventstore.LogStream, []byte(name), 0),
			Type:     eventstore.LogCreatedType,
			Schema:   1,
			Data:     data,
			Metadata: metadata,
		}},
	}}
	_, err = w.transact()
	return err
}

func queryText(conn *sqlite.Conn, query string) (string, error) {
	stmt, _, err := conn.PrepareTransient(query)
	if err != nil {
		return "", err
	}
	defer stmt.Finalize()
	return sqlitex.ResultText(stmt)
}
