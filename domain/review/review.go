// Package review has what the decisions of people have in common, whatever they are
// about: what was asked for, how often an item was decided, which lines a decision takes
// back, and refunds from the decision to the report. It is pure, and knows no stream.
package review

import (
	"daybook/domain/ident"
	"daybook/domain/money"
)

// Verb says what a person decides about an item.
type Verb string

// The verbs.
const (
	Credit   Verb = "credit"   // give what came to a user
	Complete Verb = "complete" // take what came for the sale that it was meant for
	Refund   Verb = "refund"   // send it back
	Dismiss  Verb = "dismiss"  // settle it without a credit
	Charge   Verb = "charge"   // of a refund: take it from a user
)

// Verbs are all of them.
var Verbs = []Verb{Credit, Complete, Refund, Dismiss, Charge}

// Asked is a person's request. An equal one for the same round repeats it.
type Asked struct {
	Decision Verb          `json:"decision"`
	User     string        `json:"user,omitzero"`
	Amount   *money.Amount `json:"amount,omitzero"`  // only where the item lacks it
	Times    *int          `json:"times,omitzero"`   // how many came, of a deposit without a hash
	Arrived  *money.Amount `json:"arrived,omitzero"` // how much came, of a dismissal
	Note     string        `json:"note"`
}

// Equal reports whether two people ask for the same.
func (a Asked) Equal(b Asked) bool {
	isSame := same(a.Amount, b.Amount) && same(a.Times, b.Times) && same(a.Arrived, b.Arrived)
	return isSame && a.Decision == b.Decision && a.User == b.User && a.Note == b.Note
}

func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// Decision is what every event of a decision says of it. The event posts the opposite of
// Takes, and then what it decides in full.
type Decision struct {
	ID      string        `json:"id"`               // of the event
	Item    string        `json:"item"`             // id of the event that opened the item
	Payment ident.Payment `json:"payment,omitzero"` // left out where the item has none
	Round   int           `json:"round,omitzero"`   // how often the item was opened again before
	By      string        `json:"by"`               // the person
	Asked   Asked         `json:"asked"`
	Closes  []string      `json:"closes,omitempty"` // the other items that are settled by it
	Takes   []Line        `json:"takes,omitempty"`  // all that stood posted of the payment
}

// Deciding is an event that decides about an item.
type Deciding interface{ Decided() Decision }

// Reversing is an event that undoes a decision.
type Reversing interface{ Reversed() Reversal }

// Decided returns the decision itself, of an event that embeds it.
func (d Decision) Decided() Decision { return d }

// Refunded says how much of a payment was sent back before a decision. Its new holder is
// charged with it.
type Refunded struct {
	Amount money.Amount `json:"amount"` // in the currency that was received
	Share  money.Amount `json:"share"`  // of the amount that the decision gives
}

// Reversal is what an event says that undoes a decision.
type Reversal struct {
	Item     string        `json:"item"`
	Reverses string        `json:"reverses"` // id of the decision's event
	Payment  ident.Payment `json:"payment,omitzero"`
	Round    int           `json:"round,omitzero"` // that it ends
	By       string        `json:"by"`
	Note     string        `json:"note"`
	Opens    []string      `json:"opens,omitempty"` // the other items that the decision had closed
	Lines    []Line        `json:"lines,omitempty"` // the exact opposite of what the decision has posted
}

// Reversed returns the reversal itself, of an event that embeds it.
func (r Reversal) Reversed() Reversal { return r }

// RefundDecided says that a person wants to send money back. It posts nothing and reserves
// the amount.
type RefundDecided struct {
	Refund  string        `json:"refund"`          // its id: of an item the event's, else as it was given
	Item    string        `json:"item,omitzero"`   // that is decided by it
	Round   int           `json:"round,omitzero"`  // of the item
	Asked   *Asked        `json:"asked,omitempty"` // of the item
	Payment ident.Payment `json:"payment,omitzero"`
	Amount  money.Amount  `json:"amount"`
	By      string        `json:"by"`
	Note    string        `json:"note"`
}

// RefundWithdrawn says that a refund is not sent after all. What it reserved is free, and
// its item is open again.
type RefundWithdrawn struct {
	Refund  string        `json:"refund"`
	Item    string        `json:"item,omitzero"`
	Round   int           `json:"round,omitzero"` // that it ends
	Payment ident.Payment `json:"payment,omitzero"`
	Amount  money.Amount  `json:"amount"`
	By      string        `json:"by"`
}

// Posted is what stands posted in a stream.
type Posted interface {
	// Of returns the lines of a payment, or of an item that has none, netted by account.
	Of(key string) []Line
	// Holders returns those lines of it that say who has the money, users first.
	Holders(key string) []Line
	// Left returns what is left of what was received; the zero value if nothing stands
	// posted.
	Left(key string) money.Amount
	// By returns what a decision has posted.
	By(decision string) []Line
	// IsLast reports whether no later decision or rule has posted where this one did. Fees and
	// refunds do not count.
	IsLast(decision string) bool
}
