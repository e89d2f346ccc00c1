package sqlitestore

import (
	"errors"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

// lookup asks the file what the writer has to know of a stream that has been
// filed. It has a connection of its own: the one that files holds a
// transaction open.
type lookup struct {
	conn *sqlite.Conn
	last *sqlite.Stmt // revision of a stream's last event
	find *sqlite.Stmt // id and position of one event
}

func openLookup(path string) (_ *lookup, err error) {
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
	l := &lookup{conn: conn}
	if l.last, err = conn.Prepare("SELECT revision FROM events WHERE stream_hash = ? AND stream = ? ORDER BY revision DESC LIMIT 1"); err != nil {
		return nil, err
	}
	if l.find, err = conn.Prepare("SELECT position, id FROM events WHERE stream_hash = ? AND revision = ? AND stream = ?"); err != nil {
		return nil, err
	}
	return l, nil
}

// length returns the number of events of a stream.
func (l *lookup) length(stream eventstore.StreamName) (uint64, error) {
	l.last.BindInt64(1, hashOf(stream))
	l.last.BindText(2, string(stream))
	found, err := l.last.Step()
	if err != nil {
		return 0, err
	}
	var length uint64
	if found {
		length = uint64(l.last.ColumnInt64(0)) + 1
	}
	return length, l.last.Reset()
}

// event returns id and position of an event; a zero id if there is none.
func (l *lookup) event(stream eventstore.StreamName, revision eventstore.Revision) (eventstore.EventID, eventstore.Position, error) {
	l.find.BindInt64(1, hashOf(stream))
	l.find.BindInt64(2, int64(revision))
	l.find.BindText(3, string(stream))
	found, err := l.find.Step()
	if err != nil {
		return eventstore.EventID{}, 0, err
	}
	var id eventstore.EventID
	var position eventstore.Position
	if found {
		position = eventstore.Position(l.find.ColumnInt64(0))
		l.find.ColumnBytes(1, id[:])
	}
	return id, position, l.find.Reset()
}
