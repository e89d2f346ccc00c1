package recorder

import (
	"context"
	"errors"
	"slices"

	"daybook/domain/claim"
	"daybook/domain/order"
	"daybook/eventstore"

	"golang.org/x/sync/errgroup"
)

// claimMispayments claims the mispayments that an order would post of a report,
// each in a stream of its own, because the id of a mispayment does not say which
// order it belongs to. It returns the report's with Taken set where another order was
// first. What the order does not post needs no claim: it has it already, and keeps
// it, or has too little of it. A report that the order has no room for is a
// payment.ErrTooMany and claims nothing.
//
// A process that ends between the claim and the owner's events leaves the claim
// alone. The callback was not answered, is sent again, and claims for the same owner.
func (r *Recorder) claimMispayments(ctx context.Context, owner eventstore.StreamName, report order.Report, d Delivery) ([]order.Mispayment, error) {
	report.Paid, report.Link = nil, nil // the order's own payment is not one of them
	var events []order.Event
	_, err := record(ctx, r.store, owner, orders, d.message(), func(state order.State, eventID func(int) string) (none []order.Event, err error) {
		report.EventID = eventID
		events, err = order.Decide(state, report)
		return none, err
	})
	if err != nil {
		return nil, err
	}
	taken := make([]bool, len(events))
	claims, ctx := errgroup.WithContext(ctx)
	claims.SetLimit(claimsAtOnce)
	for i, event := range events {
		mispaid, posts := event.(order.PaymentMispaid)
		if !posts {
			continue
		}
		claims.Go(func() error {
			err := r.claim(ctx, claim.Claim{Payment: mispaid.Payment, Owner: string(owner)}, d.message(), false)
			if taken[i] = errors.Is(err, claim.ErrTaken); taken[i] {
				return nil
			}
			return err
		})
	}
	if err := claims.Wait(); err != nil {
		return nil, err
	}
	claimed := slices.Clone(report.Mispayments)
	for i, event := range events {
		if !taken[i] {
			continue
		}
		for j := range claimed {
			claimed[j].Taken = claimed[j].Taken || claimed[j].Payment == event.(order.PaymentMispaid).Payment
		}
	}
	return claimed, nil
}

// claimsAtOnce is how many claims of one report wait for the log together, so that
// they share its syncs: a report may have a thousand.
const claimsAtOnce = 32

// claim appends a claim, unless it stands already; claim.ErrTaken if another
// stream has the payment. It refers to the evidence, which the owner's own append
// carries.
func (r *Recorder) claim(ctx context.Context, c claim.Claim, m message, isDryRun bool) error {
	stream := eventstore.StreamName(claim.NewID(c.Payment).Stream())
	_, err := record(ctx, r.store, stream, claims, m.withoutBody(), func(state claim.State, _ func(int) string) ([]claim.Event, error) {
		return unless[claim.Event](isDryRun)(claim.Decide(state, c))
	})
	return err
}
