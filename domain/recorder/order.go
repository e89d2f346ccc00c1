package recorder

import (
	"context"

	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
)

// OrderRegistration is what registering an order has come to.
type OrderRegistration struct {
	Result
	// State is that of the order after it. An order that is not registered in it
	// has a credit that disagrees with the terms, and an open contradiction.
	State order.State
}

// RegisterOrder records what is expected of an order, and settles payments that
// have waited for that. Of an order with other terms the state is returned with
// an order.ErrOtherTerms. A dry run decides the same and records nothing.
func (r *Recorder) RegisterOrder(ctx context.Context, id order.ID, terms order.Terms, isDryRun bool, c Command) (OrderRegistration, error) {
	command := order.Register{Terms: terms, Evidence: merchantEvidence}
	var registration OrderRegistration
	outcome := Duplicate
	result, err := r.withClaims(ctx, eventstore.StreamName(id.Stream()), c.message(), isDryRun, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
		command.EventID, command.Claims = eventID, claims
		events, err := order.DecideRegister(state, command)
		registration.State = state
		for _, event := range events {
			registration.State = order.Evolve(registration.State, event)
		}
		if outcome = outcomeOf(events); isDryRun {
			events = nil
		}
		return events, err
	})
	if err == nil {
		registration.Result = result
		registration.Outcome = outcome
	}
	return registration, err
}

// merchantEvidence is that of a merchant order of version 1 that was held.
var merchantEvidence = payment.Evidence{Method: CoinbaseCallback, Status: "completed"}

// VerifyPayment records a provider's answer about a payment of an order. It may be
// called again for the same answer, also by another server: only a payment that waits
// for an answer takes one.
func (r *Recorder) VerifyPayment(ctx context.Context, id order.ID, verify order.Verify, a Attempt) (Result, error) {
	return r.withClaims(ctx, eventstore.StreamName(id.Stream()), a.message(), false, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
		verify.EventID, verify.Claims = eventID, claims
		return order.DecideVerify(state, verify)
	})
}
