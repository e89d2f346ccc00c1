package httpapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// maxLag is how far behind the log a read model may be and still be called
// ready.
const maxLag = 5 * time.Second

// maxWait bounds how long a read waits for the read model to reach
// min_position.
const maxWait = 5 * time.Second

type healthAnswer struct {
	Status string `json:"status"`
}

// healthz answers that the process runs and answers.
func (s *Server) healthz(w *call, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "alive"})
}

// readyz answers whether callbacks can be recorded.
func (s *Server) readyz(w *call, r *http.Request) error {
	if err := s.store.Ready(r.Context()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "appends work"})
}

// readyzReads answers whether the read models can be reached and are near the
// log. One that is not does not make the receiver unready: callbacks are still
// recorded.
func (s *Server) readyzReads(w *call, _ *http.Request) error {
	for _, p := range s.projections {
		if err := s.near(p); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "reads are current"})
}

func (s *Server) near(p *follow.Projection) error {
	if err := lost(p); err != nil {
		return err
	}
	err := p.Ready(maxLag)
	if errors.Is(err, follow.ErrStopped) {
		return err
	}
	status := p.Status()
	switch {
	case status.Mending != "":
		return behind.problem(fmt.Sprintf("The read model %s is not whole: %s.", status.Name, status.Mending), err)
	case err != nil:
		return behind.problem(fmt.Sprintf("The projection %s is more than %s behind the log, or has not caught up with it since the start.", status.Name, maxLag), err)
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

// await makes a read wait until the read model has reached ?min_position=, so
// that a client reads what it wrote, and returns the position that the answer
// must be of: that one, or where the projection already is. A read model that
// has not caught up since the start answers nothing: what it has is nobody's
// balance yet.
func (s *Server) await(w *call, r *http.Request, p *follow.Projection) (eventstore.Position, error) {
	text := w.query.Get("min_position")
	if text == "" {
		return p.Status().Position(), s.serving(p)
	}
	minimum, err := eventstore.ParsePosition(text)
	if err != nil {
		return 0, badRequest.problem("min_position is the text of a position, as the header Daybook-Position of a write gave it.", nil)
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.wait)
	defer cancel()
	if err := p.Wait(ctx, minimum); err != nil && ctx.Err() != nil {
		if err := lost(p); err != nil {
			return 0, err
		}
		return 0, notReached(err)
	} else if err != nil {
		return 0, err
	}
	return max(minimum, p.Status().Position()), s.serving(p)
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
func (s *Server) serving(p *follow.Projection) error {
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
