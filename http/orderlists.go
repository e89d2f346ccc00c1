package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"daybook/domain/ident"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/orders"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// listedOrderBytes is more than nearly all orders have in an answer.
const listedOrderBytes = 1 << 10

type orderListAnswer struct {
	Orders       []jsontext.Value     `json:"orders"`
	Next         string               `json:"next,omitzero"`          // before= of the following, older page
	ChangedAfter *eventstore.Position `json:"changed_after,omitzero"` // of the next request
	Position     eventstore.Position  `json:"position"`
}

// orderListRoutes list orders from the lookup, each as GET /orders/{id} answers it, from
// the log. All of an answer is of one position.
type orderListRoutes struct {
	model      *local.Model
	projection *follow.Projection
	stopping   <-chan struct{} // closed when the server stops
}

// waits returns a handler for requests that may wait long, and for the others.
func waits(long, others handler) handler {
	return func(w *call, r *http.Request) error {
		if r.URL.Query().Has("wait") {
			return long(w, r)
		}
		return others(w, r)
	}
}

func (l orderListRoutes) get(w *call, r *http.Request) error {
	if w.query.Has("changed_after") {
		return l.changed(w, r)
	}
	if w.query.Has("wait") {
		return badRequest.problem("wait goes with changed_after.", nil)
	}
	return l.list(w, r)
}

// list answers with a page of orders, newest first.
func (l orderListRoutes) list(w *call, r *http.Request) error {
	q, err := orderQuery(w)
	if err != nil {
		return err
	}
	minimum, err := await(w, r, l.projection)
	if err != nil {
		return err
	}
	if err := w.reserve(r.Context(), min(q.Limit*listedOrderBytes, firstPageBytes)); err != nil {
		return err
	}
	page, err := l.model.Orders(r.Context(), q)
	if err != nil {
		return err
	}
	if err := reached(minimum, page.Position); err != nil {
		return err
	}
	answer := orderListAnswer{Position: page.Position}
	last, err := l.read(r.Context(), w, page, func(o orders.Order) bool {
		return (q.User == "" || o.User == q.User) && (q.Reference == "" || o.Reference == q.Reference)
	}, &answer)
	if err != nil {
		return err
	}
	if last != nil {
		answer.Next = last.Created.String()
	}
	return answerClaimed(w, answer)
}

// orderQuery reads what is asked for.
func orderQuery(w *call) (q local.OrderQuery, err error) {
	if q.Limit, err = w.limit(); err != nil {
		return q, err
	}
	q.User, q.Reference, q.Status = w.query.Get("user"), w.query.Get("reference"), orders.Status(w.query.Get("status"))
	for _, name := range []string{"user", "reference"} {
		if text := w.query.Get(name); text != "" && ident.Check(text) != nil {
			return q, badRequest.problem(name+" has 1 to 128 bytes of UTF-8 without control characters, percent-encoded.", nil)
		}
	}
	if q.Status != "" && !slices.Contains(orders.Statuses, q.Status) {
		return q, badRequest.problem(fmt.Sprintf("status is one of %v.", orders.Statuses), nil)
	}
	before, err := w.number("before")
	if err == nil && w.query.Has("before") && before == 0 {
		err = badRequest.problem("before is the member next of an earlier answer.", nil)
	}
	q.Before = eventstore.Position(before)
	return q, err
}

// read puts the orders of a page that are wanted into an answer. It returns the last that
// fits, if others follow it.
func (l orderListRoutes) read(ctx context.Context, w *call, page local.OrderPage, wanted func(orders.Order) bool, answer *orderListAnswer) (last *local.ListedOrder, err error) {
	answer.Orders = []jsontext.Value{}
	reserved := int(w.reserved.bytes)
	size := 0
	for i := range page.Orders {
		state, err := l.model.Order(ctx, page.Orders[i], page.Position)
		if err != nil {
			return nil, err
		}
		if !wanted(state) { // of a name with the same hash
			continue
		}
		text, err := json.Marshal(state)
		if err != nil {
			return nil, fmt.Errorf("encode order: %w", err)
		}
		size += len(text) + 1
		if len(answer.Orders) > 0 && (size > maxPageBytes || size > reserved && !w.reserved.resize(size)) {
			return &page.Orders[i-1], nil
		}
		reserved = max(reserved, size)
		answer.Orders = append(answer.Orders, text)
	}
	if !page.More {
		return nil, nil
	}
	return &page.Orders[len(page.Orders)-1], nil
}
