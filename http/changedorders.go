package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// changed answers with the orders that changed after a position, oldest change first. It
// may wait until there is one.
func (l orderListRoutes) changed(w *call, r *http.Request) error {
	for _, name := range []string{"user", "status", "reference", "before", "min_position"} {
		if w.query.Has(name) {
			return badRequest.problem("changed_after goes with wait and limit alone.", nil)
		}
	}
	limit, err := w.limit()
	if err != nil {
		return err
	}
	number, err := w.number("changed_after")
	if err != nil {
		return err
	}
	after := eventstore.Position(number)
	wait, err := w.seconds("wait")
	if err != nil {
		return err
	}
	if _, err := awaitPosition(r.Context(), l.projection, after, w.wait); err != nil {
		return err
	}
	if wait > 0 {
		if err := l.awaitChange(r.Context(), after, wait); err != nil {
			return err
		}
		if !w.allowed() {
			return unauthorized.problem("The token was revoked while the request waited.", nil)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := w.reserve(ctx, min(limit*listedOrderBytes, firstPageBytes)); err != nil {
		return err
	}
	page, err := l.model.ChangedOrders(ctx, after, limit)
	if err != nil {
		return err
	}
	if err := reached(after, page.Position); err != nil {
		return err
	}
	answer := orderListAnswer{ChangedAfter: &page.Position, Position: page.Position}
	last, err := l.read(ctx, w, page, func(orders.Order) bool { return true }, &answer)
	if err != nil {
		return err
	}
	if last != nil {
		answer.ChangedAfter = &last.Changed
	}
	return answerClaimed(w, answer)
}

// changePause is how long a request that waits rests after events that changed no order.
const changePause = 50 * time.Millisecond

// awaitChange returns when an order has changed after a position, the time is over, or
// the server stops. An error is that of the model, or of a client that has hung up.
func (l orderListRoutes) awaitChange(parent context.Context, after eventstore.Position, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(parent, wait)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	watching.Go(func() {
		select {
		case <-l.stopping:
			cancel()
		case <-ctx.Done():
		}
	})
	for {
		changed, position, err := l.model.LastOrderChange(ctx)
		switch {
		case ctx.Err() != nil:
			return parent.Err()
		case err != nil:
			return err
		case changed > after:
			return nil
		}
		if err := l.projection.Wait(ctx, position+1); err != nil && ctx.Err() == nil {
			return err
		}
		_ = follow.Rest(ctx, changePause)
	}
}
