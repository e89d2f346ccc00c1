package httpapi

import (
	"errors"
	"net/http"

	"daybook/domain/order"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// orderBytes is more than all orders have but those of hundreds of payments.
const orderBytes = 64 << 10

// orderRoutes answer from the read model of orders.
type orderRoutes struct {
	model      Orders
	projection *follow.Projection
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
	if err := w.reserve(r.Context(), orderBytes); err != nil {
		return err
	}
	state, err := o.model.Order(r.Context(), order.ID(id))
	if err != nil && !errors.Is(err, orders.ErrNotFound) {
		return err
	}
	if err := reached(minimum, state.Position); err != nil {
		return err // also of one that is not found, or not any more
	}
	if err != nil {
		return err
	}
	return answerClaimed(w, state)
}
