package local

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/domain/ledger"
	"daybook/eventstore"
)

// key is a row of the table of keys.
type key struct {
	hash            int64
	position, after eventstore.Position
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.position, b.position))
}

// hashOf is what the table keeps of a key: a row of a random text would be several
// times as large. What a hash finds is read in the log and compared.
func hashOf(k Key) int64 {
	sum := sha256.Sum256([]byte(k))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

func writeKeys(conn *sqlite.Conn, keys []key) error {
	if len(keys) == 0 {
		return nil
	}
	stmt, err := conn.Prepare("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	for _, k := range keys {
		stmt.BindInt64(1, k.hash)
		stmt.BindInt64(2, int64(k.position))
		stmt.BindInt64(3, int64(k.after))
		if _, err := stmt.Step(); err != nil {
			return err
		}
		if err := stmt.Reset(); err != nil {
			return err
		}
	}
	return nil
}

// Named returns the events that name a key and stand before a position, newest
// first, at most limit; before 0 begins with the newest. Fewer are all that there are.
func (m *Model) Named(ctx context.Context, log eventstore.Reader, k Key, before eventstore.Position, limit int) (named []eventstore.Recorded, err error) {
	if before == 0 {
		before = end
	}
	for {
		rows, err := m.keyRows(ctx, hashOf(k), before, limit)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			event, err := at(ctx, log, row)
			if err != nil {
				m.suspect(err)
				return nil, err
			}
			decoded, err := ledger.Decode(event)
			if err != nil {
				return nil, err
			}
			if slices.Contains(keysOf(decoded), k) { // not of the same hash, or for the list of orders
				named = append(named, event)
			}
			if len(named) == limit {
				return named, nil
			}
			before = row.position
		}
		if len(rows) < limit {
			return named, nil
		}
	}
}

func (m *Model) keyRows(ctx context.Context, hash int64, before eventstore.Position, limit int) (rows []key, err error) {
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT position, after FROM keys WHERE hash = ? AND position < ? ORDER BY position DESC LIMIT ?", &sqlitex.ExecOptions{
			Args: []any{hash, int64(before), limit},
			ResultFunc: func(row *sqlite.Stmt) error {
				rows = append(rows, key{position: eventstore.Position(row.ColumnInt64(0)), after: eventstore.Position(row.ColumnInt64(1))})
				return nil
			},
		})
	})
	return rows, err
}

// at returns the event that a row stands for.
func at(ctx context.Context, log eventstore.Reader, k key) (eventstore.Recorded, error) {
	for event, err := range log.ReadAll(ctx, k.after) {
		if err == nil && event.Position != k.position {
			err = fmt.Errorf("%w: no event stands at position %s", errDoubt, k.position)
		}
		return event, err
	}
	return eventstore.Recorded{}, fmt.Errorf("%w: the log ends before position %s", errDoubt, k.position)
}

// second is a row of the table of seconds.
type second struct {
	second int64
	after  eventstore.Position
}

func appendSecond(seconds []second, e *eventstore.Recorded, after eventstore.Position) []second {
	s := e.RecordedAt.Unix()
	if n := len(seconds); n > 0 && seconds[n-1].second == s {
		return seconds
	}
	return append(seconds, second{s, after})
}

func writeSeconds(conn *sqlite.Conn, seconds []second) error {
	for _, s := range seconds {
		err := sqlitex.Execute(conn, "INSERT OR IGNORE INTO seconds VALUES (?, ?)", &sqlitex.ExecOptions{Args: []any{s.second, int64(s.after)}})
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	// requestTime is how long after a request came its events may be recorded.
	requestTime = 15 * time.Second

	// requestEvents bounds how many events are looked through for those of a request.
	requestEvents = 100_000
)

// Caused returns the first event of each stream that a request wrote to: a delivery, a command or an
// attempt of a process. Its ULID says when it came, and the ids of its events derive
// from it.
func (m *Model) Caused(ctx context.Context, log eventstore.Reader, id ulid.ULID) (caused []eventstore.Recorded, err error) {
	came := id.Timestamp()
	after, found := eventstore.Position(0), false
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT after FROM seconds WHERE second >= ? ORDER BY second LIMIT 1", &sqlitex.ExecOptions{
			Args: []any{came.Unix() - 1}, // clocks of several machines differ
			ResultFunc: func(row *sqlite.Stmt) error {
				after, found = eventstore.Position(row.ColumnInt64(0)), true
				return nil
			},
		})
	})
	if err != nil || !found {
		return nil, err
	}
	looked := 0
	for event, err := range log.ReadAll(ctx, after) {
		if err != nil {
			return nil, err
		}
		if looked++; looked > requestEvents || event.RecordedAt.Sub(came) > requestTime {
			break
		}
		if event.ID == eventstore.DeriveID(event.Stream, id.String(), event.Revision) &&
			!slices.ContainsFunc(caused, func(e eventstore.Recorded) bool { return e.Stream == event.Stream }) {
			caused = append(caused, event)
		}
	}
	return caused, nil
}
