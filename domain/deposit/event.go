package deposit

import (
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// Event is an event of an address's stream.
type Event interface {
	codec.Event
	depositEvent()
}

// AddressRegistered says whose deposits arrive at the address.
type AddressRegistered struct {
	User string `json:"user"`
}

// DepositReceived says that a payment to the address was reported. It is
// pending until it is verified.
type DepositReceived struct {
	Payment    ident.Payment `json:"payment"`
	User       string        `json:"user"`
	Amount     money.Amount  `json:"amount"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
}

// DepositVerified says that a received deposit is evident, and credits it.
type DepositVerified struct {
	Payment    ident.Payment        `json:"payment"`
	User       string               `json:"user"`
	Amount     money.Amount         `json:"amount"`
	OccurredAt time.Time            `json:"occurredAt,omitzero"`
	Evidence   []payment.Evidence   `json:"evidence"`
	Closes     []payment.ClosedHold `json:"closes,omitempty"`
}

// DepositHeld says that a deposit waits for a person's decision, and why. With
// Arrived the money is in and is posted to suspense.
type DepositHeld struct {
	Hold          string         `json:"hold"`             // the id of this event
	Payment       ident.Payment  `json:"payment,omitzero"` // left out where the report has no transaction hash
	Digest        string         `json:"digest,omitzero"`  // of the report, where it has no transaction hash
	User          string         `json:"user,omitzero"`
	Amount        *money.Amount  `json:"amount,omitzero"`
	Arrived       bool           `json:"arrived"`
	Contradiction bool           `json:"contradiction"`
	Reason        payment.Reason `json:"reason"`
	OccurredAt    time.Time      `json:"occurredAt,omitzero"`
	Task          string         `json:"task,omitzero"` // of the process that has read the report again
}

// DepositSeenAgain says that the same report without a transaction hash came
// once more: a repetition, or another payment of the same amount.
type DepositSeenAgain struct {
	Hold       string    `json:"hold"`
	Digest     string    `json:"digest"`
	ReceivedAt time.Time `json:"receivedAt"`
	Task       string    `json:"task,omitzero"` // of the process that has read the report again
}

// DepositReleased says that a person credited a held deposit to a user. Of one without an
// identity, Amount is the sum of those that came.
type DepositReleased struct {
	review.Decision
	User          string           `json:"user"`
	Amount        money.Amount     `json:"amount"`
	Contradiction bool             `json:"contradiction"` // the report says otherwise than an earlier one
	Refunded      *review.Refunded `json:"refunded,omitzero"`
}

// DepositDismissed says that a held deposit is settled without a credit: it has no owner, or
// never came.
type DepositDismissed struct {
	review.Decision
	Arrived  *money.Amount    `json:"arrived,omitzero"` // left out if nothing did
	Refunded *review.Refunded `json:"refunded,omitzero"`
}

// DecisionReversed undoes a decision exactly, and opens its item again.
type DecisionReversed struct{ review.Reversal }

// RefundDecided says that a person wants to send a held deposit back.
type RefundDecided review.RefundDecided

// RefundWithdrawn says that a refund that was decided is not sent.
type RefundWithdrawn review.RefundWithdrawn

// DepositRefunded says that a held deposit was sent back. From says who gives it, and is
// empty of one that was not posted.
type DepositRefunded struct {
	Payment    ident.Payment `json:"payment,omitzero"`
	Refund     string        `json:"refund"` // id of the decided refund
	Item       string        `json:"item"`   // that is closed by it
	Amount     money.Amount  `json:"amount"`
	From       []review.Line `json:"from,omitempty"`
	Reference  string        `json:"reference,omitzero"`
	By         string        `json:"by"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
}
