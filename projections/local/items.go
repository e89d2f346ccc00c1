package local

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/domain/ident"
	"daybook/eventstore"
)

// MaxPage is the largest number of items in a page.
const MaxPage = 1000

// change is a Change of an event to a list.
type change struct {
	list  string
	event Event
	Change
}

func (c change) write(conn *sqlite.Conn) error {
	switch i := c.item; c.kind {
	case closes:
		return sqlitex.Execute(conn, "DELETE FROM items WHERE list = ? AND key = ?", &sqlitex.ExecOptions{Args: []any{c.list, c.key}})
	case settles, reopens:
		return sqlitex.Execute(conn, "UPDATE items SET settled = ? WHERE list = ? AND key = ?", &sqlitex.ExecOptions{Args: []any{c.kind == settles, c.list, c.key}})
	case notes:
		err := sqlitex.Execute(conn, `UPDATE items SET settled = 0, again = again + 1, again_at = ?, details = json_patch(details, ?) WHERE list = ? AND key = ?`,
			&sqlitex.ExecOptions{Args: []any{c.event.RecordedAt.UnixMicro(), string(i.Details), c.list, c.key}})
		if err != nil || conn.Changes() > 0 {
			return err
		}
		fallthrough
	default:
		return sqlitex.Execute(conn, `INSERT INTO items VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (list, key) DO NOTHING`,
			&sqlitex.ExecOptions{Args: []any{
				c.list, int64(c.event.Position), c.key, c.event.ID, string(c.event.Stream), c.event.RecordedAt.UnixMicro(),
				microseconds(i.Due), i.Reason, i.User, string(i.Payment), string(i.Details),
			}})
	}
}

func microseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOf(microseconds int64) time.Time {
	if microseconds == 0 {
		return time.Time{}
	}
	return time.UnixMicro(microseconds).UTC()
}

// Query asks for a page of a list, oldest first.
type Query struct {
	List   string
	Reason string    // "" is all
	Due    time.Time // items that are due by then, or at once; zero: all
	Cursor string    // Page.Next of the page before; "" begins with the oldest
	Limit  int       // at most MaxPage
}

// Page is a part of a list.
type Page struct {
	Items    []Item
	Next     string              // Cursor of the following, younger page; "" if there is none
	Counts   []Count             // of the whole list, by reason
	Position eventstore.Position // the projection's
}

// Count is how many items of a list are open for one reason.
type Count struct {
	Reason string
	Open   int
	Oldest time.Time // when the oldest of them was opened
}

const itemColumns = "SELECT position, key, event, stream, opened_at, due, reason, user, payment, details, again, again_at, list FROM items "

// Items answers a query. What a page says is of one position.
func (m *Model) Items(ctx context.Context, q Query) (page Page, err error) {
	position, key, err := parseCursor(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	limit := max(1, min(q.Limit, MaxPage))
	where, args := "WHERE list = ? AND settled = 0 AND (position, key) > (?, ?)", []any{q.List, position, key}
	if q.Reason != "" {
		where, args = where+" AND reason = ?", append(args, q.Reason)
	}
	if !q.Due.IsZero() {
		where, args = where+" AND due <= ?", append(args, q.Due.UnixMicro())
	}
	args = append(args, limit+1)
	page.Items = []Item{}
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		if err := m.describe(conn, q.List, &page); err != nil {
			return err
		}
		return sqlitex.Execute(conn, itemColumns+where+" ORDER BY position, key LIMIT ?", &sqlitex.ExecOptions{
			Args: args,
			ResultFunc: func(row *sqlite.Stmt) error {
				page.Items = append(page.Items, readItem(row))
				return nil
			},
		})
	})
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		last := page.Items[limit-1]
		page.Next = fmt.Sprintf("%s-%s", last.Position, last.Key)
	}
	return page, err
}

// Item returns the open item of a key; found is false if there is none.
func (m *Model) Item(ctx context.Context, list, key string) (item Item, found bool, err error) {
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, itemColumns+"WHERE list = ? AND key = ? AND settled = 0", &sqlitex.ExecOptions{
			Args:       []any{list, key},
			ResultFunc: func(row *sqlite.Stmt) error { item, found = readItem(row), true; return nil },
		})
	})
	return item, found, err
}

// ItemStream returns the stream of an item of review by its id, also of one that is
// settled; found is false if there is none.
func (m *Model) ItemStream(ctx context.Context, id string) (stream eventstore.StreamName, found bool, err error) {
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT stream FROM items WHERE list = ? AND key = ?", &sqlitex.ExecOptions{
			Args: []any{Review.Name, id},
			ResultFunc: func(row *sqlite.Stmt) error {
				stream, found = eventstore.StreamName(row.ColumnText(0)), true
				return nil
			},
		})
	})
	return stream, found, err
}

// Counts returns how many items of a list are open.
func (m *Model) Counts(ctx context.Context, list string) ([]Count, error) {
	var page Page
	err := m.query(ctx, func(conn *sqlite.Conn) error { return m.describe(conn, list, &page) })
	return page.Counts, err
}

// describe says what a page says of the whole list.
func (m *Model) describe(conn *sqlite.Conn, list string, page *Page) error {
	stored, err := readCheckpoint(conn)
	if err != nil {
		return err
	}
	page.Position = stored.Position
	return sqlitex.Execute(conn, "SELECT reason, count(*), min(opened_at) FROM items WHERE list = ? AND settled = 0 GROUP BY reason ORDER BY reason", &sqlitex.ExecOptions{
		Args: []any{list},
		ResultFunc: func(row *sqlite.Stmt) error {
			page.Counts = append(page.Counts, Count{row.ColumnText(0), row.ColumnInt(1), timeOf(row.ColumnInt64(2))})
			return nil
		},
	})
}

func readItem(row *sqlite.Stmt) Item {
	return Item{
		Position: eventstore.Position(row.ColumnInt64(0)), Key: row.ColumnText(1), Event: row.ColumnText(2),
		Stream: eventstore.StreamName(row.ColumnText(3)), OpenedAt: timeOf(row.ColumnInt64(4)), Due: timeOf(row.ColumnInt64(5)),
		Reason: row.ColumnText(6), User: row.ColumnText(7), Payment: ident.Payment(row.ColumnText(8)),
		Details: jsontext.Value(row.ColumnText(9)), Again: row.ColumnInt(10), AgainAt: timeOf(row.ColumnInt64(11)),
	}
}

// ErrCursor says that a cursor is none that a page gave.
var ErrCursor = fmt.Errorf("cursor is not one that an earlier page gave")

func parseCursor(text string) (position int64, key string, err error) {
	if text == "" {
		return 0, "", nil
	}
	before, key, found := strings.Cut(text, "-")
	position, err = strconv.ParseInt(before, 10, 64)
	if err != nil || !found {
		return 0, "", ErrCursor
	}
	return position, key, nil
}
