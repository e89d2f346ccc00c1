// Package payout is one payout's stream: what the provider announced and then
// sent to the bank. It is pure: commands carry everything that comes from
// outside.
package payout

import (
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Category is the category of payout streams.
const Category = "payout"

// ID is the provider's id of a payout, percent-encoded.
type ID string

// NewID encodes a provider's id.
func NewID(id string) ID { return ID(ident.Escape(id)) }

// Stream returns the name of the payout's stream.
func (id ID) Stream() string { return Category + "-" + string(id) }

// Facts are what a report says of a payout's money. Two reports that agree
// have equal facts.
type Facts struct {
	Subtotal money.Amount  `json:"subtotal"`             // sold
	Total    money.Amount  `json:"total"`                // sent to the bank
	FeeOwn   *money.Amount `json:"feeCoinbase,omitzero"` // kept by the provider
	FeeBank  *money.Amount `json:"feeBank,omitzero"`     // kept by the bank
	Bitcoin  *money.Amount `json:"bitcoin,omitzero"`     // moved for this sale; left out for orders paid out as they came
	Orders   []string      `json:"orders,omitempty"`     // the provider's order ids that it pays out
	Mispaid  []string      `json:"mispayments,omitempty"`
}

// Equal reports whether two reports agree. The order in which they list ids
// means nothing.
func (f Facts) Equal(g Facts) bool {
	return f.Subtotal == g.Subtotal && f.Total == g.Total &&
		equal(f.FeeOwn, g.FeeOwn) && equal(f.FeeBank, g.FeeBank) && equal(f.Bitcoin, g.Bitcoin) &&
		sameIDs(f.Orders, g.Orders) && sameIDs(f.Mispaid, g.Mispaid)
}

func sameIDs(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// readable reports whether all amounts can be those of a payout.
func (f Facts) readable() bool {
	for _, optional := range []*money.Amount{f.FeeOwn, f.FeeBank, f.Bitcoin} {
		if optional != nil && !payment.Readable(*optional) {
			return false
		}
	}
	return payment.Readable(f.Subtotal) && payment.Readable(f.Total)
}

func equal(a, b *money.Amount) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// State is what decisions about a payout need to know.
type State struct {
	Known     bool // announced or completed, with Facts
	Completed bool
	Facts     Facts
	Holds     []Hold
	Items     map[string]Item // what waits or has waited for a person, by id
}

// Hold is a report that waits for a person's decision.
type Hold struct {
	ID     string
	Reason payment.Reason
	Digest string // of the report
}

// Evolve puts one event on a state.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case PayoutPending:
		s.Known, s.Facts = true, e.Facts
	case PayoutCompleted:
		s.Known, s.Completed, s.Facts = true, true, e.Facts
	case PayoutHeld:
		s.Holds = append(slices.Clip(s.Holds), Hold{ID: e.Hold, Reason: e.Reason, Digest: e.Digest})
		s = s.put(e.Hold, Item{held: &e})
	case PayoutReleased:
		return s.release(e)
	case PayoutDismissed:
		return s.decided(e.Decision, nil)
	case DecisionReversed:
		return s.reverse(e)
	}
	return s
}
