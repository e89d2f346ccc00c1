package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"daybook/eventstore"
	"daybook/projections"
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
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "alive"})
}

// readyz answers whether callbacks can be recorded.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := s.store.Ready(r.Context()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "appends work"})
}

// readyzReads answers whether the read models are near the log. A stopped one
// does not make the receiver unready: callbacks are still recorded.
func (s *Server) readyzReads(w http.ResponseWriter, _ *http.Request) error {
	for _, p := range []*projections.Projection{s.balancesProjection, s.ordersProjection} {
		if err := s.near(p); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "reads are current"})
}

func (s *Server) near(p *projections.Projection) error {
	if err := p.Ready(maxLag); err != nil {
		if errors.Is(err, projections.ErrStopped) {
			return err
		}
		return behind.problem(fmt.Sprintf("The projection %s is more than %s behind the log, or has not caught up with it since the start.", p.Status().Name, maxLag), err)
	}
	return nil
}

// await makes a read wait until the read model has reached ?min_position=, so
// that a client reads what it wrote. A read model that has not caught up since
// the start answers nothing: what it has is nobody's balance yet.
func (s *Server) await(r *http.Request, p *projections.Projection) error {
	text := r.URL.Query().Get("min_position")
	if text == "" {
		return s.serving(p)
	}
	position, err := eventstore.ParsePosition(text)
	if err != nil {
		return badRequest.problem("min_position is the text of a position, as the header Daybook-Position of a write gave it.", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxWait)
	defer cancel()
	if err := p.Wait(ctx, position); err != nil && ctx.Err() != nil {
		return behind.problem("The read model has not reached min_position yet. Send the request again.", err)
	} else if err != nil {
		return err
	}
	return s.serving(p)
}

// serving returns nil if the read model may be read.
func (s *Server) serving(p *projections.Projection) error {
	status := p.Status()
	switch {
	case status.State == projections.Stopped:
		return fmt.Errorf("%w: %w", projections.ErrStopped, status.Err)
	case !status.CaughtUp:
		return behind.problem("The read model is being built from the log.", nil)
	}
	return nil
}
