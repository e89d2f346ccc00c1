package httpapi

import (
	"errors"
	"net/http"
	"time"

	"daybook/eventstore"
)

type lossRequest struct {
	Reason string `json:"reason"`
}

type lossAnswer struct {
	Accepted []eventstore.LossFound `json:"accepted"`
	Position eventstore.Position    `json:"position"` // of the acceptance
}

// lossRoutes record what is done about losses of the log.
type lossRoutes struct {
	store eventstore.Store
	now   func() time.Time
}

// accept records that an operator has seen what may be missing from
// the log.
func (l lossRoutes) accept(w *call, r *http.Request) error {
	var request lossRequest
	if err := readRequest(r, &request, `{"reason":"..."}`); err != nil {
		return err
	}
	acceptance := eventstore.Acceptance{Actor: w.who.Actor(), Reason: request.Reason, Now: l.now()}
	if err := acceptance.Check(); err != nil {
		return badRequest.problem("The reason says what was lost, how, and what was done about it, in at most 1,000 bytes.", err)
	}
	ctx, cancel := recording(r)
	defer cancel()
	accepted, appended, err := eventstore.AcceptLosses(ctx, l.store, acceptance)
	if errors.Is(err, eventstore.ErrNoLoss) {
		return noLoss.problem("Nothing is known to be missing from the log.", err)
	}
	if err != nil {
		return err
	}
	setPosition(w, appended.Position)
	return writeJSON(w, http.StatusOK, lossAnswer{Accepted: accepted, Position: appended.Position})
}
