package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// maxLag is how far behind the log a read model may be and still be called
// ready.
const maxLag = 5 * time.Second

type healthAnswer struct {
	Status string `json:"status"`
}

// healthRoutes answer how the server is doing.
type healthRoutes struct {
	store       eventstore.Store
	projections []*follow.Projection
	patience    time.Duration // with the store
}

// alive answers that the process runs and answers.
func (healthRoutes) alive(w *call, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "alive"})
}

// ready answers whether callbacks can be recorded.
func (h healthRoutes) ready(w *call, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), h.patience)
	defer cancel()
	if err := h.store.Ready(ctx); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "appends work"})
}

// readyReads answers whether the read models can be reached and are near the
// log. One that is not does not make the receiver unready: callbacks are still
// recorded.
func (h healthRoutes) readyReads(w *call, _ *http.Request) error {
	for _, p := range h.projections {
		if err := near(p); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, healthAnswer{Status: "reads are current"})
}

func near(p *follow.Projection) error {
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
