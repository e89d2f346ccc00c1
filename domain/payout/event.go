package payout

import (
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// Event is an event of a payout's stream.
type Event interface {
	codec.Event
	payoutEvent()
}

// PayoutPending says that the provider announced a payout.
type PayoutPending struct {
	Payment    ident.Payment `json:"payment"`
	Facts      Facts         `json:"facts"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
	Arrives    time.Time     `json:"arrivesBy,omitzero"` // at the bank, on or before
}

// PayoutCompleted says that the payout has arrived at the bank.
type PayoutCompleted struct {
	Payment    ident.Payment `json:"payment"`
	Facts      Facts         `json:"facts"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
	Arrives    time.Time     `json:"arrivesBy,omitzero"`
}

// PayoutHeld says that a report waits for a person's decision, and why. It
// posts nothing. Facts is left out where they cannot be read.
type PayoutHeld struct {
	Hold       string         `json:"hold"` // the id of this event
	Payment    ident.Payment  `json:"payment"`
	Digest     string         `json:"digest"` // of the report
	Facts      *Facts         `json:"facts,omitzero"`
	Status     string         `json:"status"` // the sender's word
	Reason     payment.Reason `json:"reason"`
	OccurredAt time.Time      `json:"occurredAt,omitzero"`
}

// PayoutReleased says that a person took a held report for what happened. It takes an
// earlier completion back.
type PayoutReleased struct {
	review.Decision
	Facts Facts `json:"facts"`
}

// PayoutDismissed says that a held report is not what happened.
type PayoutDismissed struct{ review.Decision }

// DecisionReversed undoes a decision exactly, and opens its item again.
type DecisionReversed struct{ review.Reversal }
