package httpapi

import (
	"errors"
	"net/http"

	"daybook/domain/order"
	"daybook/projections/orders"
)

// orderBytes is more than all orders have but those of hundreds of payments.
const orderBytes = 64 << 10

// getOrder answers with the state of one order.
func (s *Server) getOrder(w *call, r *http.Request) error {
	id, err := encodedSegment(w, "id")
	if err != nil {
		return err
	}
	minimum, err := s.await(w, r, s.ordersProjection)
	if err != nil {
		return err
	}
	if err := s.reserve(w, r, orderBytes); err != nil {
		return err
	}
	state, err := s.orders.Order(r.Context(), order.ID(id))
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
