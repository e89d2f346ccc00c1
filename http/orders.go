package httpapi

import (
	"net/http"

	"daybook/domain/order"
)

// getOrder answers with the state of one order.
func (s *Server) getOrder(w http.ResponseWriter, r *http.Request) error {
	id, err := encodedSegment(r, "id")
	if err != nil {
		return err
	}
	minimum, err := s.await(r, s.ordersProjection)
	if err != nil {
		return err
	}
	state, err := s.orders.Order(r.Context(), order.ID(id))
	if err != nil {
		return err
	}
	if err := reached(minimum, state.Position); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, state)
}
