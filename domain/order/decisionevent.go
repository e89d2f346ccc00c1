package order

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// PaymentReleased says that a person credited a held report to a user. Of a provider
// that shows transfers, Transfer is what came for Amount.
type PaymentReleased struct {
	review.Decision
	User          string            `json:"user"`
	Amount        money.Amount      `json:"amount"`
	Transfer      *payment.Transfer `json:"transfer,omitzero"`
	Contradiction bool              `json:"contradiction"` // the report says otherwise than an earlier one
	Refunded      *review.Refunded  `json:"refunded,omitzero"`
}

// MispaymentCredited says that a person gave a mispayment to a user.
type MispaymentCredited struct {
	review.Decision
	User     string            `json:"user"`
	Amount   money.Amount      `json:"amount"` // as it was received
	Transfer *payment.Transfer `json:"transfer,omitzero"`
	Refunded *review.Refunded  `json:"refunded,omitzero"`
}

// OrderCompleted says that a person took a payment for the sale that it was meant for.
// The user gets what is above the price.
type OrderCompleted struct {
	review.Decision
	User     string            `json:"user"`
	Amount   money.Amount      `json:"amount"`         // for how much the payment counts
	Sold     money.Amount      `json:"sold"`           // the price
	Short    *money.Amount     `json:"short,omitzero"` // what is missing
	Transfer *payment.Transfer `json:"transfer,omitzero"`
	Refunded *review.Refunded  `json:"refunded,omitzero"`
}

// PaymentDismissed says that a held report is settled without a credit. What came is the
// website's.
type PaymentDismissed struct {
	review.Decision
	Arrived  *money.Amount     `json:"arrived,omitzero"` // left out if nothing did
	Transfer *payment.Transfer `json:"transfer,omitzero"`
	Refunded *review.Refunded  `json:"refunded,omitzero"`
}

// MispaymentDismissed says that a mispayment is settled without a credit: it has no owner,
// or never came.
type MispaymentDismissed struct {
	review.Decision
	Arrived  *money.Amount     `json:"arrived,omitzero"` // left out if nothing did
	Transfer *payment.Transfer `json:"transfer,omitzero"`
	Refunded *review.Refunded  `json:"refunded,omitzero"`
}

// DecisionReversed undoes a decision exactly, and opens its item again.
type DecisionReversed struct{ review.Reversal }

// RefundDecided says that a person wants to send money of a payment back.
type RefundDecided review.RefundDecided

// RefundWithdrawn says that a refund that was decided is not sent.
type RefundWithdrawn review.RefundWithdrawn

// PaymentRefunded says that money of a payment was sent back. From says who gives it, and
// is empty of a payment that was not posted.
type PaymentRefunded struct {
	Payment    ident.Payment `json:"payment"`
	Refund     string        `json:"refund,omitzero"` // id of the decided refund that is sent by it
	Report     ident.Payment `json:"report,omitzero"` // identity of the provider's refund, where it has reported one
	Item       string        `json:"item,omitzero"`   // that has nothing left, and is closed by it
	Amount     money.Amount  `json:"amount"`          // in the currency that was received
	From       []review.Line `json:"from,omitempty"`
	Hash       string        `json:"hash,omitzero"`      // of the transaction that sends it back
	Reference  string        `json:"reference,omitzero"` // of a refund that was sent elsewhere
	By         string        `json:"by,omitzero"`        // who sent it elsewhere
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
}

// RefundHeld says that a report of a refund waits for a person's decision, and why. With
// Posted, Amount has left the provider's account for suspense.
type RefundHeld struct {
	Hold       string         `json:"hold"`            // the id of this event
	Payment    ident.Payment  `json:"payment"`         // that is refunded
	Report     ident.Payment  `json:"report,omitzero"` // identity of the provider's refund
	Refund     string         `json:"refund,omitzero"` // id of the decided refund that was sent
	Amount     *money.Amount  `json:"amount,omitzero"` // as far as it can be read
	Posted     bool           `json:"posted"`
	Reason     payment.Reason `json:"reason"`
	Hash       string         `json:"hash,omitzero"`
	OccurredAt time.Time      `json:"occurredAt,omitzero"`
}

// RefundCharged says that a person took a held refund from a user. Of a report that turns
// out to be a refund of its own, From is what the payment gives, and Charged the rest.
type RefundCharged struct {
	review.Decision
	User    string        `json:"user"`
	Amount  money.Amount  `json:"amount"`
	From    []review.Line `json:"from,omitempty"`
	Within  *money.Amount `json:"within,omitzero"`  // of Amount, what the payment gives
	Charged *money.Amount `json:"charged,omitzero"` // of Amount, what the user gives
}

// RefundDismissed says that a held refund is settled without a charge: it is known, or
// its loss is the website's.
type RefundDismissed struct {
	review.Decision
	Amount *money.Amount `json:"amount,omitzero"` // that had been posted
}
