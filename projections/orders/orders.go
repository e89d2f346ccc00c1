// Package orders is the read model of the state of each order. It decides
// nothing, and says nothing of what users have.
package orders

import (
	"errors"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
)

// Name is the projection's name.
const Name = "orders"

// FoldVersion is the number of the meaning that Fold gives to events.
const FoldVersion = 2

// ErrNotFound says that no event of the order has been applied.
var ErrNotFound = errors.New("order is not known")

// Order is the state of one order at a position of the log. JSON names are
// those of the HTTP API; lists are never null.
type Order struct {
	ID               order.ID            `json:"id"` // coinbase.5RTQNACF, site.<reference>
	Status           Status              `json:"status"`
	Registered       bool                `json:"registered"`      // by the website
	Expired          bool                `json:"expired"`         // as the website says
	User             string              `json:"user,omitzero"`   // registered for, else of the payment
	Amount           *money.Amount       `json:"amount,omitzero"` // asked for, else of the payment
	For              order.Purpose       `json:"for,omitzero"`    // registered
	Reference        string              `json:"reference,omitzero"`
	ExpiresAt        time.Time           `json:"expires_at,omitzero"`
	Site             order.ID            `json:"site,omitzero"`       // the website's order that it pays
	SettledBy        ident.Payment       `json:"settled_by,omitzero"` // of an order of the website: what pays it
	Payments         []Payment           `json:"payments"`
	Mispayments      []Mispayment        `json:"mispayments"`
	Holds            []Hold              `json:"holds"`                // that wait for a person's decision
	Decisions        []Decision          `json:"decisions"`            // of people, oldest first
	Refunds          []Refund            `json:"refunds"`              // that are decided or were sent, oldest first
	ReportedStatuses []string            `json:"reported_statuses"`    // words of senders that move no money, each once
	Revision         eventstore.Revision `json:"revision"`             // of the stream's last event
	Changed          eventstore.Position `json:"changed"`              // of the stream's last event
	OccurredAt       time.Time           `json:"occurred_at,omitzero"` // of the last event that says when it happened
	RecordedAt       time.Time           `json:"recorded_at"`          // of the stream's last event
	Position         eventstore.Position `json:"position"`             // the projection's
}

// Status is one word for an order. It is derived from what is known of the
// order's money, whatever the order in which that came, and is the first of
// these that applies.
type Status string

// The statuses, in the order of precedence.
const (
	Paid       Status = "paid"       // a payment is credited, and not sent back
	Refunded   Status = "refunded"   // was paid, and nothing is left of that
	Held       Status = "held"       // a report waits for a person's decision, or for its refund
	Pending    Status = "pending"    // a payment is reported, and neither verified nor refuted
	Mispaid    Status = "mispaid"    // money arrived that does not pay it, whatever became of that
	Refuted    Status = "refuted"    // the reported payment does not exist
	Expired    Status = "expired"    // the website's own order was not paid in time
	Reported   Status = "reported"   // somebody reported a status that moves no money
	Registered Status = "registered" // the website announced it
)

// Statuses are all of them.
var Statuses = []Status{Paid, Refunded, Held, Pending, Mispaid, Refuted, Expired, Reported, Registered}

// PaymentStatus is what became of a payment of the order.
type PaymentStatus string

// The statuses of payments.
const (
	PaymentPending  PaymentStatus = "pending"
	PaymentVerified PaymentStatus = "verified" // credited because it is evident
	PaymentReleased PaymentStatus = "released" // credited by a person's decision
	PaymentRefuted  PaymentStatus = "refuted"
	PaymentRefunded PaymentStatus = "refunded" // nothing is left of what came

	PaymentCompleted PaymentStatus = "completed" // taken for the sale by a person's decision
	PaymentDismissed PaymentStatus = "dismissed" // the website's by a person's decision
)

// Payment is a payment of the order.
type Payment struct {
	Payment    ident.Payment `json:"payment"`
	User       string        `json:"user"`
	Amount     money.Amount  `json:"amount"` // that came, or is pending
	Status     PaymentStatus `json:"status"`
	OccurredAt time.Time     `json:"occurred_at,omitzero"`
	RecordedAt time.Time     `json:"recorded_at"`       // when it was first reported
	Decision   string        `json:"decision,omitzero"` // by which it is so; empty if by none

	// Adjustments are what changed the credit later.
	Adjustments []Adjustment `json:"adjustments,omitempty"`
}

// AdjustmentType says what kind of change an adjustment is.
type AdjustmentType string

// The types of adjustments.
const (
	AdjustmentRefunded AdjustmentType = "refunded" // sent back to the payer
)

// Adjustment is a change of a payment that was credited before.
type Adjustment struct {
	Type       AdjustmentType `json:"type"`
	ID         string         `json:"id"`            // of the refund, else of the decision
	User       string         `json:"user,omitzero"` // left out if it was the website's
	Amount     money.Amount   `json:"amount"`        // signed, as what they have of it changed
	OccurredAt time.Time      `json:"occurred_at,omitzero"`
	RecordedAt time.Time      `json:"recorded_at"`
}

// MispaymentStatus is what became of a mispayment.
type MispaymentStatus string

// The statuses of mispayments.
const (
	MispaymentOpen      MispaymentStatus = "open" // waits for a person's decision
	MispaymentCredited  MispaymentStatus = "credited"
	MispaymentCompleted MispaymentStatus = "completed" // taken for the sale
	MispaymentRefunding MispaymentStatus = "refunding" // a refund is decided, and not sent
	MispaymentRefunded  MispaymentStatus = "refunded"  // nothing is left of it
	MispaymentDismissed MispaymentStatus = "dismissed"
)

// Mispayment is money that arrived and does not pay the order.
type Mispayment struct {
	Mispayment string           `json:"mispayment,omitzero"` // the item; left out of one that was held
	Payment    ident.Payment    `json:"payment"`
	User       string           `json:"user,omitzero"` // credited; while open, as far as the report says
	Amount     money.Amount     `json:"amount"`
	Reason     payment.Reason   `json:"reason,omitzero"` // by the registered terms
	Status     MispaymentStatus `json:"status"`
	OccurredAt time.Time        `json:"occurred_at,omitzero"`
	RecordedAt time.Time        `json:"recorded_at"`       // when it was first reported
	Decision   string           `json:"decision,omitzero"` // by which it is so; empty if by none
	Refunded   *money.Amount    `json:"refunded,omitzero"` // sent back of it
}

// Hold is a report, of a payment or of a refund, that waits for a person's decision.
type Hold struct {
	Hold          string         `json:"hold"`
	Payment       ident.Payment  `json:"payment,omitzero"` // left out where the report names none
	User          string         `json:"user,omitzero"`
	Amount        *money.Amount  `json:"amount,omitzero"`
	Reason        payment.Reason `json:"reason"`
	Arrived       bool           `json:"arrived"`         // the money is in suspense
	Contradiction bool           `json:"contradiction"`   // an earlier report says otherwise
	Refund        bool           `json:"refund,omitzero"` // the report is one of a refund
	Posted        bool           `json:"posted,omitzero"` // of a refund: it has left the provider's account
	OccurredAt    time.Time      `json:"occurred_at,omitzero"`
	RecordedAt    time.Time      `json:"recorded_at"`
}

// filled returns the order with empty lists in the place of nil ones.
func (o Order) filled() Order {
	if o.Payments == nil {
		o.Payments = []Payment{}
	}
	if o.Mispayments == nil {
		o.Mispayments = []Mispayment{}
	}
	if o.Holds == nil {
		o.Holds = []Hold{}
	}
	if o.Decisions == nil {
		o.Decisions = []Decision{}
	}
	if o.Refunds == nil {
		o.Refunds = []Refund{}
	}
	if o.ReportedStatuses == nil {
		o.ReportedStatuses = []string{}
	}
	return o
}
