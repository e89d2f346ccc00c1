package recorder

import (
	"context"
	"slices"

	"daybook/domain/order"
	"daybook/eventstore"
)

// LinkOrder links a provider's order to an order of the website that it has named.
func (r *Recorder) LinkOrder(ctx context.Context, id, site order.ID, a Attempt) (Result, error) {
	if !slices.Contains(r.policy.References, id.Namer()) {
		return Result{}, nil // its callbacks name no order of the website
	}
	state, err := r.orderState(ctx, site)
	if err != nil || !state.Registered {
		return Result{}, err
	}
	link := order.LinkSite{Link: order.Link{Site: site, Terms: state.Terms}, Evidence: merchantEvidence}
	return r.withClaims(ctx, eventstore.StreamName(id.Stream()), a.message(), false, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
		link.EventID, link.Claims = eventID, claims
		return order.DecideLink(state, link)
	})
}

// SoughtPayments records that the payments which named an order of the website before it
// was registered are linked.
func (r *Recorder) SoughtPayments(ctx context.Context, site order.ID, found int, a Attempt) (Result, error) {
	return record(ctx, r.store, eventstore.StreamName(site.Stream()), orders, a.message(), func(state order.State, _ func(int) string) ([]order.Event, error) {
		return order.DecideSought(state, found), nil
	})
}

// link returns the order of the website that a report of a payment names; nil if it
// names none that is registered.
func (r *Recorder) link(ctx context.Context, id order.ID, paid *order.Claim) (*order.Link, error) {
	if paid == nil || paid.Details.Reference == "" || !slices.Contains(r.policy.References, id.Namer()) {
		return nil, nil
	}
	site := order.NewID(order.Site, paid.Details.Reference)
	state, err := r.orderState(ctx, site)
	if err != nil || !state.Registered {
		return nil, err
	}
	return &order.Link{Site: site, Terms: state.Terms}, nil
}

// orderState folds an order's own stream.
func (r *Recorder) orderState(ctx context.Context, id order.ID) (state order.State, err error) {
	_, err = record(ctx, r.store, eventstore.StreamName(id.Stream()), orders, message{}, func(now order.State, _ func(int) string) ([]order.Event, error) {
		state = now
		return nil, nil
	})
	return state, err
}
