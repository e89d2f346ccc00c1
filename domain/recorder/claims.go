package recorder

import (
	"context"
	"errors"
	"fmt"

	"daybook/domain/claim"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/review"
	"daybook/eventstore"
)

// maxClaims bounds how often a decision may ask other streams: for its transaction and
// for the order of the website, each of which may change under it a few times.
const maxClaims = 8

// decideOrder decides about an order, with what the decision may count on.
type decideOrder func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error)

// withClaims decides about an order. It asks other streams for what the decision lacks, and
// decides again. A dry run claims nothing. A crash between two steps leaves a claim that the
// retry finds to be its own.
func (r *Recorder) withClaims(ctx context.Context, owner eventstore.StreamName, m message, isDryRun bool, decide decideOrder) (Result, error) {
	var claims order.Claims
	isBooked := false
	for range maxClaims {
		result, err := r.recordOrder(ctx, owner, m, isBooked, func(state order.State, book review.Book, eventID func(int) string) ([]order.Event, error) {
			claims.Book = book
			return decide(state, claims, eventID)
		})
		var unclaimed order.Unclaimed
		var unsettled order.Unsettled
		var unposted review.Unposted
		switch {
		case errors.As(err, &unposted):
			isBooked, err = true, nil
		case errors.As(err, &unclaimed):
			claims.Transaction = unclaimed.Transaction
			claims.Taken, err = r.isTaken(ctx, unclaimed.Transaction, owner, m, isDryRun)
		case errors.As(err, &unsettled):
			claims.Settles = unsettled.Payment
			claims.SettledElsewhere, err = r.isSettledElsewhere(ctx, unsettled, m, isDryRun)
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
func (r *Recorder) isTaken(ctx context.Context, transaction ident.Payment, owner eventstore.StreamName, m message, isDryRun bool) (bool, error) {
	err := r.claim(ctx, claim.Claim{Payment: transaction, Owner: string(owner)}, m, isDryRun)
	if errors.Is(err, claim.ErrTaken) {
		return true, nil
	}
	return false, err
}

// isSettledElsewhere settles an order of the website by a payment, and reports whether
// another one has settled it.
func (r *Recorder) isSettledElsewhere(ctx context.Context, u order.Unsettled, m message, isDryRun bool) (bool, error) {
	_, err := record(ctx, r.store, eventstore.StreamName(u.Site.Stream()), orders, m.withoutBody(), func(state order.State, _ func(int) string) ([]order.Event, error) {
		return unless[order.Event](isDryRun)(order.DecideSettle(state, order.Settle{Payment: u.Payment}))
	})
	if errors.Is(err, order.ErrSettled) {
		return true, nil
	}
	return false, err
}

// recordOrder records a decision about an order, with what stands posted in its stream if
// that is asked for: nearly all decisions do without.
func (r *Recorder) recordOrder(ctx context.Context, stream eventstore.StreamName, m message, isBooked bool,
	decide func(state order.State, book review.Book, eventID func(int) string) ([]order.Event, error)) (Result, error) {
	if !isBooked {
		return record(ctx, r.store, stream, orders, m, func(state order.State, eventID func(int) string) ([]order.Event, error) {
			return decide(state, nil, eventID)
		})
	}
	return record(ctx, r.store, stream, withBook(orders), m, func(b booked[order.State], eventID func(int) string) ([]order.Event, error) {
		if b.err != nil {
			return nil, b.err
		}
		return decide(b.state, b.posted(), eventID)
	})
}

// unless leaves out the events of a dry run.
func unless[E any](isDryRun bool) func([]E, error) ([]E, error) {
	return func(events []E, err error) ([]E, error) {
		if isDryRun {
			events = nil
		}
		return events, err
	}
}
