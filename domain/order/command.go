package order

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// Report is the command to take note of what a provider says about an order.
// One message may say several things; they become one append.
type Report struct {
	Payment     ident.Payment // the order's own payment
	Paid        *Claim        // nil where the message does not say that the order was paid
	Mispayments []Mispayment
	Refunds     []Refund
	Status      string // a word that moves no money; empty where the message is about money
	OccurredAt  time.Time
	Policy      Policy
	Task        string // of the process that has read the report again; it credits nothing
	Link        *Link  // to the website's order that the report names; nil if there is none
	Claims

	// EventID returns the id that the index-th event of this command gets: a
	// hold is known by it.
	EventID func(index int) string
}

// Claim says that the order was paid.
type Claim struct {
	Custom      string         // the payer as the sender names him; empty where he does not
	CustomFault payment.Reason // why that name is of no use; empty if it is
	Amount      money.Amount   // the zero value where it cannot be read
	Doubt       payment.Reason // why the message does not show that the money arrived; empty if it does
	Evidence    payment.Evidence
	Details     Details
	Transfer    *payment.Transfer // for providers that show it; nil for the others
}

// Refund is what a report says of a refund.
type Refund struct {
	Payment    ident.Payment  // identity of the refund; empty without an id
	Digest     string         // of the part of the report that describes it
	Amount     money.Amount   // the zero value where it cannot be read
	Status     string         // in the provider's word
	Doubt      payment.Reason // why it cannot be acted on as it stands; empty if it can
	Hash       string
	OccurredAt time.Time
}

// Link names the website's order that a provider's order pays, with its terms.
type Link struct {
	Site ID
	Terms
}

// Claims say what the decision may count on, because other streams have been asked. A
// decision that lacks one fails with Unclaimed or Unsettled, which say what to ask for.
type Claims struct {
	Transaction ident.Payment // claimed for this order, if it is not Taken
	Taken       bool          // another order has the transaction

	Book review.Book // what stands posted; nil where it was not asked for

	Settles          ident.Payment // the payment for which the website's order was asked to be settled
	SettledElsewhere bool          // another payment has settled it
}

// Mispayment says that a wrong amount arrived, or a right one too late.
type Mispayment struct {
	Payment    ident.Payment // empty where it has no id
	Digest     string        // of the part of the message that describes it
	Custom     string        // the payer as the sender names him, if that is usable
	Amount     money.Amount  // its own native amount; the zero value where it cannot be read
	Missing    bool          // announced, but not described
	Taken      bool          // another order has claimed it
	OccurredAt time.Time
}

// Policy is what the owner of the ledger decided about reports.
type Policy struct {
	// HoldUnregistered holds payments of orders that the website has not
	// registered, instead of taking the custom parameter for the user.
	HoldUnregistered bool

	// Sufficient lists the methods of evidence that verify a payment at once.
	Sufficient []string

	// Needs are the kinds of evidence that a transfer needs before it is credited.
	Needs payment.Needs
}
