package sqlitestore

import (
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
)

// minEntered is how many runs are entered with a filing at least, so that filings
// of few events change few pages. It is a variable for tests alone.
var minEntered = 512

// indexer enters whole blocks into the index, some runs with each filing. A
// process that is killed leaves a block in part; the next one enters it again
// from its beginning, and what is there already stays.
type indexer struct {
	unindexed *unindexed
	position  eventstore.Position // the index has all events up to here
	pending   []run               // what is not entered of the oldest block

	conn        *sqlite.Conn
	enter, mark *sqlite.Stmt
}

const (
	enterRun    = "INSERT OR IGNORE INTO runs (stream_hash, revision, position, events) VALUES (?, ?, ?, ?)"
	markIndexed = "UPDATE indexed SET position = ?"
)

// openIndexer finds what the index does not have.
func openIndexer(conn *sqlite.Conn) (*indexer, error) {
	indexed, err := readIndexed(conn)
	if err != nil {
		return nil, err
	}
	x := &indexer{conn: conn, unindexed: newUnindexed(indexed), position: indexed}
	if err := x.unindexed.scan(conn); err != nil {
		return nil, err
	}
	if x.enter, err = conn.Prepare(enterRun); err != nil {
		return nil, err
	}
	x.mark, err = conn.Prepare(markIndexed)
	return x, err
}

// readIndexed returns the position up to which the index has all events.
func readIndexed(conn *sqlite.Conn) (eventstore.Position, error) {
	stmt, err := conn.Prepare("SELECT position FROM indexed")
	if err != nil {
		return 0, err
	}
	defer stmt.Reset()
	found, err := stmt.Step()
	if err == nil && !found {
		err = fmt.Errorf("%w: nothing says where its index ends", errDamaged)
	}
	return eventstore.Position(stmt.ColumnInt64(0)), err
}

// scan adds what is in the file behind the last event that was added.
func (u *unindexed) scan(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare("SELECT position, stream_hash, revision, stream FROM events WHERE position > ? ORDER BY position")
	if err != nil {
		return err
	}
	defer stmt.Reset()
	u.mu.Lock()
	defer u.mu.Unlock()
	stmt.BindInt64(1, int64(u.end))
	for {
		found, err := stmt.Step()
		if err != nil || !found {
			return err
		}
		e := eventstore.Recorded{Position: eventstore.Position(stmt.ColumnInt64(0)), Revision: eventstore.Revision(stmt.ColumnInt64(2))}
		e.Stream = eventstore.StreamName(stmt.ColumnText(3))
		if e.Position != u.end+1 {
			return fmt.Errorf("%w: an event is missing before position %s", errDamaged, e.Position)
		}
		u.take(&e, stmt.ColumnInt64(1))
	}
}

// catchUp is called when the file is opened, whose last event is at end. It enters
// whole blocks but for one: processes that live too short to enter one would
// otherwise leave more and more of them.
func (x *indexer) catchUp(end eventstore.Position) error {
	if x.position%blockEvents != 0 || x.unindexed.end != end {
		return fmt.Errorf("%w: its index ends at position %s, the log at %s", errDamaged, x.position, end)
	}
	for x.unindexed.wholeBlocks() > 1 {
		if err := x.enterBlock(); err != nil {
			return fmt.Errorf("enter into the index: %w", err)
		}
	}
	return nil
}

// enterBlock enters the oldest block in a transaction of its own.
func (x *indexer) enterBlock() error {
	end, err := sqlitex.ImmediateTransaction(x.conn)
	if err != nil {
		return err
	}
	entered, err := x.next(int(blockEvents), yield)
	if end(&err); err != nil {
		return err
	}
	x.committed(entered)
	return nil
}

// next enters the next runs in the transaction of a filing, and returns how many.
// It takes them for entered when it is told that the transaction is committed.
func (x *indexer) next(filed int, giveWay func()) (entered int, err error) {
	if len(x.pending) == 0 {
		x.pending = x.unindexed.whole()
	}
	entered = min(len(x.pending), max(minEntered, filed))
	if entered == 0 {
		return 0, nil
	}
	for i, r := range x.pending[:entered] {
		x.enter.BindInt64(1, r.hash)
		x.enter.BindInt64(2, int64(r.revision))
		x.enter.BindInt64(3, int64(r.position))
		x.enter.BindInt64(4, int64(r.events))
		if err := step(x.enter); err != nil {
			return 0, err
		}
		if i%yieldEvery == 0 {
			giveWay()
		}
	}
	if entered == len(x.pending) {
		x.mark.BindInt64(1, int64(x.position+blockEvents))
		err = step(x.mark)
	}
	return entered, err
}

// committed is called when the transaction is durable in which runs were entered.
func (x *indexer) committed(entered int) {
	if entered == 0 {
		return
	}
	if x.pending = x.pending[entered:]; len(x.pending) == 0 {
		x.position += blockEvents
		x.unindexed.indexed()
	}
}
