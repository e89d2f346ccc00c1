package recorder

import (
	"context"
	"errors"
	"fmt"

	"daybook/domain/claim"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/eventstore"
)

// maxClaims bounds how often a decision may ask other streams: for its transaction and
// for the order of the website, each of which may change under it a few times.
const maxClaims = 8

// withClaims decides about an order. What the decision lacks of other streams is asked
// of them first, and it decides again. A crash between two of these steps leaves a claim
// that the repetition of the command finds to be its own.
func (r *Recorder) withClaims(ctx context.Context, owner eventstore.StreamName, m message,
	decide func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error)) (Result, error) {
	var claims order.Claims
	for range maxClaims {
		result, err := record(ctx, r.store, owner, orders, m, func(state order.State, eventID func(int) string) ([]order.Event, error) {
			return decide(state, claims, eventID)
		})
		var unclaimed order.Unclaimed
		var unsettled order.Unsettled
		switch {
		case errors.As(err, &unclaimed):
			claims.Transaction = unclaimed.Transaction
			claims.Taken, err = r.isTaken(ctx, unclaimed.Transaction, owner, m)
		case errors.As(err, &unsettled):
			claims.Settles = unsettled.Payment
			claims.SettledElsewhere, err = r.isSettledElsewhere(ctx, unsettled, m)
		default:
			return result, err
		}
		if err != nil {
			return Result{}, err
		}
	}
	return Result{}, fmt.Errorf("%w: what an order rests on in other streams keeps changing", eventstore.ErrConflict)
}

// isTaken claims a transaction for an order, and reports whether another one has it.
func (r *Recorder) isTaken(ctx context.Context, transaction ident.Payment, owner eventstore.StreamName, m message) (bool, error) {
	err := r.claim(ctx, claim.Claim{Payment: transaction, Owner: string(owner)}, m)
	if errors.Is(err, claim.ErrTaken) {
		return true, nil
	}
	return false, err
}

// isSettledElsewhere settles an order of the website by a payment, and reports whether
// another one has settled it.
func (r *Recorder) isSettledElsewhere(ctx context.Context, u order.Unsettled, m message) (bool, error) {
	_, err := record(ctx, r.store, eventstore.StreamName(u.Site.Stream()), orders, m.withoutBody(), func(state order.State, _ func(int) string) ([]order.Event, error) {
		return order.DecideSettle(state, order.Settle{Payment: u.Payment})
	})
	if errors.Is(err, order.ErrSettled) {
		return true, nil
	}
	return false, err
}
