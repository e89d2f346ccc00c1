package sqlitestore

import (
	"errors"
	"fmt"
	"math"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
)

const (
	// maxPageEvents and maxPageBytes bound one page, and so the time that a
	// reader keeps the write-ahead log from starting anew.
	maxPageEvents = 512
	maxPageBytes  = 1 << 20

	// maxTypes bounds the event types that a connection remembers.
	maxTypes = 256
)

// page is what one query returns.
type page struct {
	events []eventstore.Recorded
	size   int  // in bytes
	last   bool // nothing was behind it when it was read
}

func (p *page) full() bool { return len(p.events) >= maxPageEvents || p.size >= maxPageBytes }

// connection reads pages. One goroutine may use it at a time.
type connection struct {
	conn  *sqlite.Conn
	types map[string]string // one string for each type of event
	name  []byte            // scratch
}

func openConnection(path string) (_ *connection, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	conn.SetBusyTimeout(lockTimeout)
	if err := checkFormat(conn, path); err != nil {
		return nil, err
	}
	if err := sqlitex.ExecuteTransient(conn, cacheSize(otherCache), nil); err != nil {
		return nil, err
	}
	return &connection{conn: conn, types: make(map[string]string)}, nil
}

const (
	columns     = "SELECT position, revision, id, schema, recorded_at, type, data, stream"
	fromLog     = " FROM events WHERE position > ? ORDER BY position LIMIT ?"
	fromRun     = " FROM events WHERE position BETWEEN ? AND ? AND revision >= ? AND stream = ? ORDER BY position"
	readLog     = columns + fromLog
	readLogFull = columns + ", metadata" + fromLog
	readRun     = columns + fromRun
	readRunFull = columns + ", metadata" + fromRun
)

// page appends the events of one page to buffer. What is read of a stream is read
// in more than one transaction: events and runs are only ever added.
func (c *connection) page(buffer []eventstore.Recorded, q query) (page, error) {
	p := page{events: buffer}
	if !q.whole {
		err := c.streamPage(&p, q)
		return p, err
	}
	stmt, err := c.conn.Prepare(choose(q.metadata, readLogFull, readLog))
	if err != nil {
		return page{}, err
	}
	stmt.BindInt64(1, int64(min(q.after, math.MaxInt64)))
	stmt.BindInt64(2, maxPageEvents)
	p.last, err = c.rows(&p, stmt, q)
	return p, err
}

// rows appends the events that a statement returns, and reports whether those
// were all. Its read transaction ends with it.
func (c *connection) rows(p *page, stmt *sqlite.Stmt, q query) (all bool, err error) {
	defer stmt.Reset()
	for !p.full() {
		found, err := stmt.Step()
		if err != nil || !found {
			return err == nil, err
		}
		p.events = append(p.events, eventstore.Recorded{})
		event := &p.events[len(p.events)-1]
		n, err := c.scan(stmt, q, event)
		if err != nil {
			return false, err
		}
		p.size += n
		if !q.isNext(event, len(p.events)-1) {
			return false, fmt.Errorf("%w: an event is missing before position %s", errDamaged, event.Position)
		}
	}
	return false, nil
}

// end returns where the file ends.
func (c *connection) end() (end, error) {
	stmt, err := c.conn.Prepare(lastEvent)
	if err != nil {
		return end{}, err
	}
	return readEnd(stmt)
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// errDamaged says that a row is no event: the store writes none like it.
var errDamaged = fmt.Errorf("%w: restore it from a copy", eventstore.ErrDamaged)

// scan reads the row that stmt stands on and returns its size in bytes. SQLite
// notices a damaged page by its structure; zeros within one are left to us.
func (c *connection) scan(stmt *sqlite.Stmt, q query, event *eventstore.Recorded) (int, error) {
	event.Position = eventstore.Position(stmt.ColumnInt64(0))
	event.Revision = eventstore.Revision(stmt.ColumnInt64(1))
	stmt.ColumnBytes(2, event.ID[:])
	event.Schema = int(stmt.ColumnInt64(3))
	event.RecordedAt = time.UnixMicro(stmt.ColumnInt64(4)).UTC()
	event.Type = c.eventType(stmt)
	event.Data = columnBytes(stmt, 6)
	event.Stream = q.stream
	if q.whole {
		event.Stream = eventstore.StreamName(c.text(stmt, 7))
	}
	if event.Schema < 1 || event.Type == "" || event.Stream == "" || stmt.ColumnLen(2) != len(event.ID) || !isObject(event.Data) {
		return 0, fmt.Errorf("%w: no event at position %s", errDamaged, event.Position)
	}
	if q.metadata {
		metadata := columnBytes(stmt, 8)
		if !isObject(metadata) {
			return 0, fmt.Errorf("%w: no metadata at position %s", errDamaged, event.Position)
		}
		event.Metadata = eventstore.Stamp(metadata, event.Schema, event.RecordedAt)
	}
	return len(event.Data) + len(event.Metadata), nil
}

func isObject(json []byte) bool {
	return len(json) >= 2 && json[0] == '{' && json[len(json)-1] == '}'
}

func columnBytes(stmt *sqlite.Stmt, column int) []byte {
	value := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, value)
	return value
}

// text reads a column through the scratch buffer: ColumnText makes SQLite
// copy the value once more, to end it with a zero byte.
func (c *connection) text(stmt *sqlite.Stmt, column int) []byte {
	n := stmt.ColumnLen(column)
	if n > cap(c.name) {
		c.name = make([]byte, n)
	}
	c.name = c.name[:n]
	stmt.ColumnBytes(column, c.name)
	return c.name
}

func (c *connection) eventType(stmt *sqlite.Stmt) string {
	text := c.text(stmt, 5)
	if known, ok := c.types[string(text)]; ok {
		return known
	}
	name := string(text)
	if len(c.types) < maxTypes {
		c.types[name] = name
	}
	return name
}
