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
	command := order.Register{Terms: terms, Evidence: payment.Evidence{Method: CoinbaseCallback, Status: "completed"}}
	var registration OrderRegistration
	outcome := Duplicate
	result, err := record(ctx, r.store, eventstore.StreamName(id.Stream()), orders, c.message(), func(state order.State, eventID func(int) string) ([]order.Event, error) {
		command.EventID = eventID
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
