package local

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// ListedOrder is a row of the list of orders. It is comparable.
type ListedOrder struct {
	ID               order.ID
	Status           orders.Status
	Created, Changed eventstore.Position // of its first and of its last event

	user, reference int64 // hashes; 0 is none
}

// NewListedOrder returns the row of an order whose first event is at a position.
func NewListedOrder(o orders.Order, created eventstore.Position) ListedOrder {
	row := ListedOrder{ID: o.ID, Status: o.Status, Created: created, Changed: o.Changed}
	if o.User != "" {
		row.user = hashOf(userKey(o.User))
	}
	if o.Reference != "" {
		row.reference = hashOf(referenceKey(o.Reference))
	}
	return row
}

// hashes are the keys that the order's first event gets for the list: it has most of
// them anyway. Indexes of users and references would write a random page for each order.
func (o ListedOrder) hashes() []int64 {
	return slices.DeleteFunc([]int64{o.user, o.reference}, func(hash int64) bool { return hash == 0 })
}

// write writes the row. The position after which its first event is read is written
// once.
func (o ListedOrder) write(conn *sqlite.Conn, after eventstore.Position) error {
	return sqlitex.Execute(conn, `INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (created) DO UPDATE
		SET changed = excluded.changed, user = excluded.user, reference = excluded.reference, status = excluded.status`,
		&sqlitex.ExecOptions{Args: []any{int64(o.Created), int64(after), int64(o.Changed), o.ID.Stream(), o.user, o.reference, string(o.Status)}})
}

const orderColumns = "SELECT created, changed, stream, user, reference, status "

func readOrder(row *sqlite.Stmt) ListedOrder {
	return ListedOrder{
		Created: eventstore.Position(row.ColumnInt64(0)), Changed: eventstore.Position(row.ColumnInt64(1)),
		ID:   order.ID(eventstore.StreamName(row.ColumnText(2)).ID()),
		user: row.ColumnInt64(3), reference: row.ColumnInt64(4), Status: orders.Status(row.ColumnText(5)),
	}
}

// OrderQuery asks for a page of orders, newest first. Fields that are zero ask for
// nothing.
type OrderQuery struct {
	User      string
	Reference string // registered
	Status    orders.Status
	Before    eventstore.Position // Created of the last order of the page before
	Limit     int                 // at most MaxPage
}

// end is beyond every position.
const end = 1<<63 - 1

// sql returns the query. The keys have the orders of a reference and of a user, an index
// those of a status. Of several that are asked for, the first of these answers, and the
// others are compared in the row of each order.
func (q OrderQuery) sql() (text string, args []any) {
	var named int64 // reference, else user
	var where string
	narrow := func(condition string, value any) { where, args = where+" AND "+condition, append(args, value) }
	if q.Status != "" {
		narrow("status = ?", string(q.Status))
	}
	if q.User != "" {
		named = hashOf(userKey(q.User))
		narrow("user = ?", named)
	}
	if q.Reference != "" {
		named = hashOf(referenceKey(q.Reference))
		narrow("reference = ?", named)
	}
	from, by := "orders NOT INDEXED", "created"
	switch {
	case named != 0:
		from, by = "keys CROSS JOIN orders ON created = position", "position"
		narrow("hash = ?", named)
	case q.Status != "":
		from = "orders INDEXED BY orders_status"
	}
	if q.Before > 0 {
		narrow(by+" < ?", int64(min(q.Before, end)))
	}
	return orderColumns + "FROM " + from + " WHERE true" + where + " ORDER BY " + by + " DESC LIMIT ?", append(args, pageLimit(q.Limit)+1)
}

func pageLimit(limit int) int { return max(1, min(limit, MaxPage)) }

// OrderPage is a part of the list of orders.
type OrderPage struct {
	Orders   []ListedOrder
	More     bool
	Position eventstore.Position // the projection's, of which the whole page is
}

// Orders answers a query. Of users and references it knows hashes alone, so the caller
// compares the order itself.
func (m *Model) Orders(ctx context.Context, q OrderQuery) (OrderPage, error) {
	text, args := q.sql()
	return m.orderPage(ctx, q.Limit, text, args)
}

// ChangedOrders returns the orders that changed after a position, oldest change first.
// Each is there once, at its last change.
func (m *Model) ChangedOrders(ctx context.Context, after eventstore.Position, limit int) (OrderPage, error) {
	return m.orderPage(ctx, limit, orderColumns+"FROM orders INDEXED BY orders_changed WHERE changed > ? ORDER BY changed LIMIT ?",
		[]any{int64(min(after, end)), pageLimit(limit) + 1})
}

func (m *Model) orderPage(ctx context.Context, limit int, text string, args []any) (page OrderPage, err error) {
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		stored, err := readCheckpoint(conn)
		if err != nil {
			return err
		}
		page.Position = stored.Position
		return sqlitex.Execute(conn, text, &sqlitex.ExecOptions{
			Args:       args,
			ResultFunc: func(row *sqlite.Stmt) error { page.Orders = append(page.Orders, readOrder(row)); return nil },
		})
	})
	if limit = pageLimit(limit); len(page.Orders) > limit {
		page.Orders, page.More = page.Orders[:limit], true
	}
	return page, err
}

// LastOrderChange returns the position of the last change of an order, 0 if there is
// none, and the projection's.
func (m *Model) LastOrderChange(ctx context.Context) (changed, position eventstore.Position, err error) {
	err = m.query(ctx, func(conn *sqlite.Conn) error {
		stored, err := readCheckpoint(conn)
		if err != nil {
			return err
		}
		position = stored.Position
		return sqlitex.Execute(conn, "SELECT max(changed) FROM orders", &sqlitex.ExecOptions{
			ResultFunc: func(row *sqlite.Stmt) error { changed = eventstore.Position(row.ColumnInt64(0)); return nil },
		})
	})
	return changed, position, err
}

// Order returns the state that a listed order had at the position of its page, from the
// log.
func (m *Model) Order(ctx context.Context, listed ListedOrder, at eventstore.Position) (orders.Order, error) {
	o, err := orders.At(ctx, m.log, listed.ID, at)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return o, err
	}
	if o.Changed != listed.Changed {
		return o, &follow.Fault{
			Reason: "The log and the list of orders disagree about when an order changed: a node of EventStoreDB may have fallen behind. If it lasts, run daybook verify.",
			Err:    fmt.Errorf("%w: order %s changed at position %s, and is listed at %s", follow.ErrUnreachable, listed.ID, o.Changed, listed.Changed),
		}
	}
	return o, nil
}
