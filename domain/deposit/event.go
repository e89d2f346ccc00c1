package deposit

import (
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
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

// DepositReleased says that a person credited a hold. For a contradiction,
// Amount is the difference to what was credited before, and may be negative.
// Closes names the hold itself, and the others of the payment that the credit
// settles.
type DepositReleased struct {
	Hold          string               `json:"hold"`
	Payment       ident.Payment        `json:"payment,omitzero"`
	User          string               `json:"user"`
	Amount        money.Amount         `json:"amount"`
	Contradiction bool                 `json:"contradiction"`
	Closes        []payment.ClosedHold `json:"closes"`
	Note          string               `json:"note"`
	OccurredAt    time.Time            `json:"occurredAt,omitzero"`
}

// DepositDismissed says that nobody claims a hold, or that it is a repetition
// of money that was counted.
type DepositDismissed struct {
	Hold       string        `json:"hold"`
	Payment    ident.Payment `json:"payment,omitzero"`
	Amount     *money.Amount `json:"amount,omitzero"` // that the hold had put into suspense
	Note       string        `json:"note"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
}
