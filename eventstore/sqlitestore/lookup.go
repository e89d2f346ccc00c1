package sqlitestore

import (
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

// lookup asks the file what the writer has to know of a stream that has been
// filed. It has a connection of its own: the one that files holds a
// transaction open.
type lookup struct {
	*connection
	unindexed *unindexed
	last      *sqlite.Stmt // lastRuns
	name      *sqlite.Stmt // stream of an event
}

func openLookup(path string, u *unindexed) (*lookup, error) {
	c, err := openConnection(path)
	if err != nil {
		return nil, err
	}
	l := &lookup{connection: c, unindexed: u}
	l.last, err = c.conn.Prepare(lastRuns)
	if err == nil {
		l.name, err = c.conn.Prepare("SELECT stream = ? FROM events WHERE position = ?")
	}
	if err != nil {
		return nil, errors.Join(err, c.conn.Close())
	}
	return l, nil
}

// lastRuns asks for the runs of a hash, last first, each with its last event.
const lastRuns = `SELECT r.revision + r.events, e.revision + 1, e.stream = ?, e.stream_hash = r.stream_hash
FROM runs r LEFT JOIN events e ON e.position = r.position + r.events - 1
WHERE r.stream_hash = ? ORDER BY r.revision DESC`

// length returns the number of events of a stream.
func (l *lookup) length(stream eventstore.StreamName, hash int64) (uint64, error) {
	if length, err := l.unindexedLength(stream, hash); err != nil || length > 0 {
		return length, err
	}
	defer l.last.Reset()
	l.last.BindText(1, string(stream))
	l.last.BindInt64(2, hash)
	for {
		found, err := l.last.Step()
		switch {
		case err != nil || !found:
			return 0, err
		case l.last.ColumnInt64(0) != l.last.ColumnInt64(1) || !l.last.ColumnBool(3):
			return 0, fmt.Errorf("%w: its index does not fit its events", errDamaged)
		case l.last.ColumnBool(2):
			return uint64(l.last.ColumnInt64(0)), nil
		}
	}
}

// unindexedLength returns the number of events of a stream whose last ones are
// not in the index; 0 if they are.
func (l *lookup) unindexedLength(stream eventstore.StreamName, hash int64) (uint64, error) {
	newest, ok := l.unindexed.newest(hash)
	if !ok {
		return 0, nil
	}
	if is, err := l.isOf(newest.position, stream); err != nil || is {
		return uint64(newest.end()), err
	}
	for _, r := range slices.Backward(l.unindexed.runs(hash, 0)) {
		if is, err := l.isOf(r.position, stream); err != nil || is {
			return uint64(r.end()), err
		}
	}
	return 0, nil
}

// isOf reports whether an event is of a stream: others may have the same hash.
func (l *lookup) isOf(position eventstore.Position, stream eventstore.StreamName) (bool, error) {
	defer l.name.Reset()
	l.name.BindText(1, string(stream))
	l.name.BindInt64(2, int64(position))
	found, err := l.name.Step()
	return found && l.name.ColumnBool(0), err
}

// event returns id and position of an event; a zero id if there is none.
func (l *lookup) event(stream eventstore.StreamName, hash int64, revision eventstore.Revision) (eventstore.EventID, eventstore.Position, error) {
	p, err := l.page(nil, query{stream: stream, hash: hash, from: revision, one: true, runs: l.unindexed.runs(hash, revision)})
	if err != nil || len(p.events) == 0 {
		return eventstore.EventID{}, 0, err
	}
	return p.events[0].ID, p.events[0].Position, nil
}
