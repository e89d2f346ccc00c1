package order

import (
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Event is an event of an order's stream. Amounts are exact decimal text,
// times are RFC 3339 in UTC. OccurredAt is when it happened as the sender says,
// and is left out where he does not.
type Event interface {
	codec.Event
	orderEvent()
}

// OrderRegistered says what the website expects of an order, before or after it
// is paid.
type OrderRegistered struct {
	Terms
	OccurredAt time.Time `json:"occurredAt,omitzero"`
}

// OrderLinked says that the provider's order pays an order of the website, whose
// terms it copies.
type OrderLinked struct {
	Site ID `json:"site"` // site.<reference>
	Terms
	OccurredAt time.Time `json:"occurredAt,omitzero"`
}

// OrderSettled says, in the stream of an order of the website, which payment pays it.
// It precedes the credit; at most one payment settles an order.
type OrderSettled struct {
	Payment    ident.Payment `json:"payment"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
}

// PaymentsSought says, in the stream of an order of the website, that the payments which
// named it before it was registered were looked for and linked.
type PaymentsSought struct {
	Found int `json:"found,omitzero"`
}

// FeeReported says what the provider kept of a payment that was posted without its fee.
type FeeReported struct {
	Payment    ident.Payment `json:"payment"`
	Fee        money.Amount  `json:"fee"`
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
}

// RefundReported keeps what a provider says of a refund. It posts nothing.
type RefundReported struct {
	Payment    ident.Payment  `json:"payment"`         // that is refunded
	Refund     ident.Payment  `json:"refund,omitzero"` // identity of the refund; left out where the report gives it no id
	Digest     string         `json:"digest,omitzero"` // of the part of the report that gives it no id
	Amount     *money.Amount  `json:"amount,omitzero"` // as far as it can be read
	Status     string         `json:"status,omitzero"` // in the provider's word
	Reason     payment.Reason `json:"reason,omitzero"` // why it cannot be acted on as it stands
	Hash       string         `json:"hash,omitzero"`   // of the transaction that sends it back
	Intent     string         `json:"intent,omitzero"` // id of the open refund that it is about
	OccurredAt time.Time      `json:"occurredAt,omitzero"`
}

// OrderStatusReported keeps a status that moves no money, in the sender's word.
type OrderStatusReported struct {
	Status     string    `json:"status"`
	OccurredAt time.Time `json:"occurredAt,omitzero"`
}

// OrderExpired says that the website's own order was not paid in time.
type OrderExpired struct {
	OccurredAt time.Time `json:"occurredAt,omitzero"`
}

// PaymentReceived says that a payment was reported. It is pending until it is
// verified or refuted.
type PaymentReceived struct {
	Payment    ident.Payment `json:"payment"`
	User       string        `json:"user"`
	Amount     money.Amount  `json:"amount"`
	Sale       bool          `json:"sale,omitzero"` // it is not pending for the user
	OccurredAt time.Time     `json:"occurredAt,omitzero"`
	Details    *Details      `json:"details,omitzero"`

	// Of a provider that shows transfers. Without a user nothing is pending, and Amount
	// is that of the transfer.
	Transfer *payment.Transfer  `json:"transfer,omitzero"`
	Needs    payment.Needs      `json:"needs,omitempty"` // the evidence without which it is not credited
	Evidence []payment.Evidence `json:"evidence,omitempty"`
}

// Details are what a report says of a payment beyond who and how much, kept so
// that it can be found elsewhere: in the provider's lists, on a chain.
type Details struct {
	Reference       string        `json:"reference,omitzero"`       // the custom parameter, where it is not the user
	UUID            string        `json:"uuid,omitzero"`            // the order's other id at Coinbase
	Bitcoin         *money.Amount `json:"bitcoin,omitzero"`         // paid, at the rate of the moment
	TransactionHash string        `json:"transactionHash,omitzero"` // left out for payments within Coinbase
	ReceiveAddress  string        `json:"receiveAddress,omitzero"`
	Object          string        `json:"object,omitzero"` // the provider's word for what was paid: payment_link
}

// PaymentVerified says that a received payment is evident, and credits it. Of a
// sale, Sold is the website's income, and the user gets the rest.
type PaymentVerified struct {
	Payment    ident.Payment        `json:"payment"`
	User       string               `json:"user"`
	Amount     money.Amount         `json:"amount"`
	Sold       *money.Amount        `json:"sold,omitzero"`
	Received   *money.Amount        `json:"received,omitzero"` // of a sale or transfer: what was pending for the user
	Transfer   *payment.Transfer    `json:"transfer,omitzero"` // what was received for Amount
	OccurredAt time.Time            `json:"occurredAt,omitzero"`
	Evidence   []payment.Evidence   `json:"evidence"`
	Closes     []payment.ClosedHold `json:"closes,omitempty"`
}

// PaymentRefuted says that a received payment was shown not to exist.
type PaymentRefuted struct {
	Payment    ident.Payment      `json:"payment"`
	User       string             `json:"user"`
	Amount     money.Amount       `json:"amount"`
	Sale       bool               `json:"sale,omitzero"`     // as it was received
	Transfer   *payment.Transfer  `json:"transfer,omitzero"` // likewise
	Received   *money.Amount      `json:"received,omitzero"` // of a transfer: what was pending for the user
	OccurredAt time.Time          `json:"occurredAt,omitzero"`
	Evidence   []payment.Evidence `json:"evidence"`
}

// PaymentHeld says that a report waits for a person's decision, and why. With
// Arrived the money is in and is posted to suspense.
type PaymentHeld struct {
	Hold          string         `json:"hold"`             // the id of this event
	Payment       ident.Payment  `json:"payment,omitzero"` // left out where the report names none
	Digest        string         `json:"digest,omitzero"`  // of the part of the report that names none
	User          string         `json:"user,omitzero"`    // as far as the report says
	Amount        *money.Amount  `json:"amount,omitzero"`  // as far as it can be read
	Arrived       bool           `json:"arrived"`          // posted to suspense
	Contradiction bool           `json:"contradiction"`    // an earlier report says otherwise; posted nothing
	Reason        payment.Reason `json:"reason"`
	Reference     string         `json:"reference,omitzero"` // the website's, where no user is known
	OccurredAt    time.Time      `json:"occurredAt,omitzero"`

	// Of a provider that shows transfers.
	Transfer *payment.Transfer  `json:"transfer,omitzero"` // that Amount is of
	Reported *payment.Transfer  `json:"reported,omitzero"` // as a callback said otherwise than Transfer
	Received *money.Amount      `json:"received,omitzero"` // what was pending for the user
	Evidence []payment.Evidence `json:"evidence,omitempty"`

	// Registration says that the other reading is that of a registration: whose the money
	// is, and not how much came.
	Registration bool `json:"registration,omitzero"`
}

// PaymentMispaid says that money arrived that does not pay the order: too
// much, too little, too late, or again. It is in suspense until it is decided.
type PaymentMispaid struct {
	Mispayment string               `json:"mispayment"` // the id of this event
	Payment    ident.Payment        `json:"payment"`
	User       string               `json:"user,omitzero"`
	Amount     money.Amount         `json:"amount"`
	Reason     payment.Reason       `json:"reason,omitzero"`   // by our terms; left out where the provider calls it a mispayment
	Received   *money.Amount        `json:"received,omitzero"` // what was pending for the user
	Transfer   *payment.Transfer    `json:"transfer,omitzero"` // that Amount is of
	Evidence   []payment.Evidence   `json:"evidence,omitempty"`
	OccurredAt time.Time            `json:"occurredAt,omitzero"`
	Closes     []payment.ClosedHold `json:"closes,omitempty"` // reports of it that had waited for what this one has
}
