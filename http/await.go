package httpapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// maxWait bounds how long a read waits for the read model to reach
// min_position.
const maxWait = 5 * time.Second

// await makes a read wait until the read model has reached ?min_position=, so
// that a client reads what it wrote, and returns the position that the answer
// must be of: that one, or where the projection already is. A read model that
// has not caught up since the start answers nothing: half a fold is no balance.
func await(w *call, r *http.Request, p *follow.Projection) (eventstore.Position, error) {
	text := w.query.Get("min_position")
	if text == "" {
		return p.Status().Position(), serving(p)
	}
	minimum, err := eventstore.ParsePosition(text)
	if err != nil {
		return 0, badRequest.problem("min_position is the text of a position, as the header Daybook-Position of a write gave it.", nil)
	}
	return awaitPosition(r.Context(), p, minimum, w.wait)
}

func awaitPosition(parent context.Context, p *follow.Projection, minimum eventstore.Position, wait time.Duration) (eventstore.Position, error) {
	ctx, cancel := context.WithTimeout(parent, wait)
	defer cancel()
	err := p.Wait(ctx, minimum)
	switch {
	case err != nil && parent.Err() != nil:
		return 0, parent.Err() // the client hung up
	case err != nil && ctx.Err() != nil:
		if err := lost(p); err != nil {
			return 0, err
		}
		return 0, notReached(err)
	case err != nil:
		return 0, err
	}
	return max(minimum, p.Status().Position()), serving(p)
}

// reached checks what a read model has answered: since its projection was
// there, it may have been flushed, or an older copy taken its place.
func reached(minimum, answered eventstore.Position) error {
	if answered < minimum {
		return notReached(nil)
	}
	return nil
}

func notReached(cause error) error {
	return behind.problem("The read model has not reached min_position yet, or not again. Send the request again.", cause)
}

// serving returns nil if the read model may be read.
func serving(p *follow.Projection) error {
	if err := p.Ready(math.MaxInt64); errors.Is(err, follow.ErrBehind) {
		if err := lost(p); err != nil {
			return err
		}
		return behind.problem("The read model is being built from the log.", err)
	} else if err != nil {
		return err
	}
	return nil
}

// lost returns why a projection cannot reach its read model, or nil.
func lost(p *follow.Projection) error {
	if err := p.Status().Err; errors.Is(err, follow.ErrUnreachable) {
		return err
	}
	return nil
}
