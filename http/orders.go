package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// orderBytes is more than all orders have but those of hundreds of payments.
const orderBytes = 64 << 10

// orderRoutes answer from the read model of orders.
type orderRoutes struct {
	model      Orders
	projection *follow.Projection
	hub        *changes
	heartbeat  time.Duration
}

// get answers with the state of one order.
func (o orderRoutes) get(w *call, r *http.Request) error {
	id, err := encodedSegment(r, "id")
	if err != nil {
		return err
	}
	minimum, err := await(w, r, o.projection)
	if err != nil {
		return err
	}
	state, err := o.claimed(r.Context(), w, order.ID(id), minimum)
	if err != nil {
		return err
	}
	return answerClaimed(w, state)
}

// claimed reads an order as of a position at least, after it has claimed memory for
// its text.
func (o orderRoutes) claimed(ctx context.Context, w *call, id order.ID, minimum eventstore.Position) (orders.Order, error) {
	if err := w.reserve(ctx, orderBytes); err != nil {
		return orders.Order{}, err
	}
	state, err := o.model.Order(ctx, id)
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return orders.Order{}, err
	}
	if err := reached(minimum, state.Position); err != nil {
		return orders.Order{}, err // also of one that is not found, or not any more
	}
	return state, err
}
