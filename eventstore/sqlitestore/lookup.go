package sqlitestore

import (
	"errors"
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
	last      *sqlite.Stmt // revision behind a stream's last run
	name      *sqlite.Stmt // stream of an event
}

func openLookup(path string, u *unindexed) (*lookup, error) {
	c, err := openConnection(path)
	if err != nil {
		return nil, err
	}
	l := &lookup{connection: c, unindexed: u}
	l.last, err = c.conn.Prepare("SELECT r.revision + r.events FROM runs r CROSS JOIN events e ON e.position = r.position WHERE r.stream_hash = ? AND e.stream = ? ORDER BY r.revision DESC LIMIT 1")
	if err == nil {
		l.name, err = c.conn.Prepare("SELECT stream = ? FROM events WHERE position = ?")
	}
	if err != nil {
		return nil, errors.Join(err, c.conn.Close())
	}
	return l, nil
}

// length returns the number of events of a stream.
func (l *lookup) length(stream eventstore.StreamName) (uint64, error) {
	hash := hashOf(stream)
	for _, r := range slices.Backward(l.unindexed.runs(hash, 0)) {
		if is, err := l.isOf(r.position, stream); err != nil || is {
			return uint64(r.end()), err
		}
	}
	defer l.last.Reset()
	l.last.BindInt64(1, hash)
	l.last.BindText(2, string(stream))
	found, err := l.last.Step()
	if err != nil || !found {
		return 0, err
	}
	return uint64(l.last.ColumnInt64(0)), nil
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
func (l *lookup) event(stream eventstore.StreamName, revision eventstore.Revision) (eventstore.EventID, eventstore.Position, error) {
	p, err := l.page(nil, query{stream: stream, from: revision, runs: l.unindexed.runs(hashOf(stream), revision)})
	if err != nil || len(p.events) == 0 {
		return eventstore.EventID{}, 0, err
	}
	return p.events[0].ID, p.events[0].Position, nil
}
