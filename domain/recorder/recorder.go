// Package recorder has the use cases: what callbacks report and what the website,
// people and processes ask for, recorded in streams. It loads, decides and appends,
// and is the only writer. It knows no HTTP, no format of a provider and no database.
package recorder

import (
	"context"
	"errors"

	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
)

// CoinbaseCallback is the method of evidence of an authenticated callback of
// Coinbase's merchant API. Its documentation promises that an order is always
// paid out after a completed callback.
const CoinbaseCallback = "coinbase-callback"

// Policy is what the owner of the ledger decided.
type Policy struct {
	// HoldUnregistered holds payments of orders that the website has not
	// registered, instead of taking the custom parameter for the user.
	HoldUnregistered bool

	// Checkout is the evidence that payments of checkouts and payment links need; nil
	// is CheckoutNeeds.
	Checkout payment.Needs

	// References names the providers whose reports may name an order of the website.
	References []string
}

// CheckoutNeeds is the evidence that a payment of a checkout needs, unless a policy says
// otherwise.
var CheckoutNeeds = payment.Needs{payment.Signature, payment.Registered, payment.API}

// Recorder records what the outside reports and asks for. Its methods may be
// called from any number of goroutines. When one returns without an error,
// what it says is durable; eventstore.ErrUnavailable and ErrConflict ask for
// the same call again later.
type Recorder struct {
	store      eventstore.Store
	policy     Policy
	sufficient []string
}

// New makes a recorder that writes to store.
func New(store eventstore.Store, policy Policy) *Recorder {
	if policy.Checkout == nil {
		policy.Checkout = CheckoutNeeds
	}
	return &Recorder{store: store, policy: policy, sufficient: []string{CoinbaseCallback}}
}

// ReportOrder records what a callback says about an order.
func (r *Recorder) ReportOrder(ctx context.Context, id order.ID, report order.Report, d Delivery) (Result, error) {
	stream := eventstore.StreamName(id.Stream())
	report.Policy = order.Policy{HoldUnregistered: r.policy.HoldUnregistered, Sufficient: r.sufficient, Needs: r.policy.Checkout}
	report.Task = d.Task
	var err error
	if report.Link, err = r.link(ctx, id, report.Paid); err != nil {
		return Result{}, err
	}
	if len(report.Mispayments) > 0 {
		if report.Mispayments, err = r.claimMispayments(ctx, stream, report, d); err != nil {
			return r.orQuarantine(ctx, Result{}, err, d)
		}
	}
	result, err := r.withClaims(ctx, stream, d.message(), false, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
		report.EventID, report.Claims = eventID, claims
		return order.Decide(state, report)
	})
	return r.orQuarantine(ctx, result, err, d)
}

// ReportPayout records what a callback says about a payout.
func (r *Recorder) ReportPayout(ctx context.Context, id payout.ID, report payout.Report, d Delivery) (Result, error) {
	stream := eventstore.StreamName(id.Stream())
	result, err := record(ctx, r.store, stream, payouts, d.message(), func(state payout.State, eventID func(int) string) ([]payout.Event, error) {
		report.EventID = eventID
		return payout.Decide(state, report)
	})
	return r.orQuarantine(ctx, result, err, d)
}

// ReportDeposit records what a callback says about a payment to an address.
func (r *Recorder) ReportDeposit(ctx context.Context, id deposit.ID, report deposit.Report, d Delivery) (Result, error) {
	stream := eventstore.StreamName(id.Stream())
	report.Sufficient, report.Task = r.sufficient, d.Task
	result, err := record(ctx, r.store, stream, deposits, d.message(), func(state deposit.State, eventID func(int) string) ([]deposit.Event, error) {
		report.EventID = eventID
		return deposit.Decide(state, report)
	})
	return r.orQuarantine(ctx, result, err, d)
}

// Quarantine keeps a callback that was authenticated and cannot be understood.
func (r *Recorder) Quarantine(ctx context.Context, reason quarantine.Reason, d Delivery) (Result, error) {
	keep := quarantine.Keep{Format: d.Format, Reason: reason, Digest: d.Digest(), Length: d.Length, Reader: d.Reader}
	if d.Method != "" {
		keep.Authenticity = &quarantine.Authenticity{Method: d.Method, Source: d.Source}
	}
	m := d.message()
	if reason == quarantine.TooLarge {
		m.evidence.Body = nil // length and digest are kept, the bytes are not
	}
	stream := eventstore.StreamName(quarantine.ID(keep.Digest).Stream())
	result, err := record(ctx, r.store, stream, quarantines, m, func(state quarantine.State, _ func(int) string) ([]quarantine.Event, error) {
		return quarantine.Decide(state, keep)
	})
	result.Outcome = Quarantined
	return result, err
}

// Redriven records what a newer reader made of a kept callback.
func (r *Recorder) Redriven(ctx context.Context, redrive quarantine.Redrive, d Delivery) (Result, error) {
	m := d.message()
	m.evidence = nil // it is in the stream
	stream := eventstore.StreamName(quarantine.ID(d.Digest()).Stream())
	return record(ctx, r.store, stream, quarantines, m, func(state quarantine.State, _ func(int) string) ([]quarantine.Event, error) {
		return quarantine.DecideRedrive(state, redrive)
	})
}

// orQuarantine keeps a delivery that its stream has no room for. Repeating it
// would be of no use, and its sender must not be told that nothing was kept.
func (r *Recorder) orQuarantine(ctx context.Context, result Result, err error, d Delivery) (Result, error) {
	if errors.Is(err, payment.ErrTooMany) || errors.Is(err, eventstore.ErrTooLarge) {
		return r.Quarantine(ctx, quarantine.TooMany, d)
	}
	return result, err
}
