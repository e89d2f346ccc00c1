package recorder

import (
	"context"

	"daybook/domain/claim"
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
)

// Outcome is what became of a message.
type Outcome string

// The outcomes, as callbacks are answered.
const (
	Recorded    Outcome = "recorded"
	Duplicate   Outcome = "duplicate"   // known already; nothing was written
	Held        Outcome = "held"        // waits for a person's decision
	Quarantined Outcome = "quarantined" // kept without being understood
)

// Result says what became of a message, and where it stands in the log.
type Result struct {
	Outcome  Outcome
	Stream   eventstore.StreamName
	Revision eventstore.Revision // of the stream's last event
	Position eventstore.Position // of the stream's last event
}

// aggregate is how the events of one kind of stream are read and folded.
type aggregate[S any, E codec.Event] struct {
	codec  codec.Codec[E]
	evolve func(S, E) S
}

var (
	orders      = aggregate[order.State, order.Event]{order.Codec, order.Evolve}
	payouts     = aggregate[payout.State, payout.Event]{payout.Codec, payout.Evolve}
	deposits    = aggregate[deposit.State, deposit.Event]{deposit.Codec, deposit.Evolve}
	claims      = aggregate[claim.State, claim.Event]{claim.Codec, claim.Evolve}
	quarantines = aggregate[quarantine.State, quarantine.Event]{quarantine.Codec, quarantine.Evolve}
)

// record decides about a message on the state of its stream, and appends what
// the decision comes to. The decision is given the ids that its events get, by
// their index among them: a hold is known by the id of its event.
func record[S any, E codec.Event](ctx context.Context, store eventstore.Store, stream eventstore.StreamName,
	a aggregate[S, E], m message, decide func(state S, eventID func(index int) string) ([]E, error)) (Result, error) {
	ids := eventstore.Cause(stream, m.id)
	outcome := Duplicate
	executed, err := eventstore.Execute(ctx, store, stream,
		func(state S, recorded eventstore.Recorded) (S, error) {
			event, err := a.codec.Decode(recorded.Type, recorded.Schema, recorded.Data)
			if err != nil {
				return state, err
			}
			return a.evolve(state, event), nil
		},
		func(state S, next eventstore.Revision) ([]eventstore.Event, error) {
			id := func(index int) eventstore.EventID { return ids.ID(next + eventstore.Revision(index)) }
			events, err := decide(state, func(index int) string { return id(index).String() })
			if err != nil {
				return nil, err
			}
			outcome = outcomeOf(events)
			return encode(m, a.codec, events, id)
		})
	if err != nil {
		return Result{}, err
	}
	return Result{Outcome: outcome, Stream: stream, Revision: executed.Appended.Revision, Position: executed.Appended.Position}, nil
}

// outcomeOf is held if anything in an append waits for a person.
func outcomeOf[E codec.Event](events []E) Outcome {
	outcome := Duplicate
	for _, event := range events {
		switch any(event).(type) {
		case order.PaymentHeld, order.RefundHeld, payout.PayoutHeld, deposit.DepositHeld, deposit.DepositSeenAgain:
			return Held
		}
		outcome = Recorded
	}
	return outcome
}

// encode writes the events of an append.
func encode[E codec.Event](m message, c codec.Codec[E], events []E, id func(index int) eventstore.EventID) ([]eventstore.Event, error) {
	encoded := make([]eventstore.Event, len(events))
	for i, event := range events {
		data, err := codec.Encode(event)
		if err != nil {
			return nil, err
		}
		metadata, err := m.metadata(i).Encode()
		if err != nil {
			return nil, err
		}
		encoded[i] = eventstore.Event{
			ID: id(i), Type: event.EventType(), Schema: c.Schema(event.EventType()), Data: data, Metadata: metadata,
		}
	}
	return encoded, nil
}
