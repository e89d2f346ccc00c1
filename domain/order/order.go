// Package order is one order's stream: what was reported of its payment and
// its mispayments, what was credited, and what waits for a decision. It is
// pure: commands carry everything that comes from outside.
package order

import (
	"cmp"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Category is the category of order streams.
const Category = "order"

// ID names an order by who named it and the name: coinbase.5RTQNACF for an
// order of Coinbase's merchant callbacks, site.<reference> for one that the
// website registered. The name is percent-encoded.
type ID string

// NewID qualifies a name by its namer.
func NewID(namer, name string) ID { return ID(namer + "." + ident.Escape(name)) }

// Stream returns the name of the order's stream.
func (id ID) Stream() string { return Category + "-" + string(id) }

// State is what decisions about an order need to know. The zero value is an
// order that nobody has heard of.
type State struct {
	Registered bool
	Terms      Terms             // registered
	Paid       ident.Payment     // that was credited first; empty if none was
	Payments   payment.Standings // the order's own payment and its mispayments
	Statuses   []string          // words reported that move no money
	Expired    bool
}

// Evolve puts one event on a state, which it takes over: folding goes forward.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case OrderRegistered:
		s.Registered, s.Terms = true, e.Terms
	case OrderStatusReported:
		s.Statuses = append(slices.Clip(s.Statuses), e.Status)
	case OrderExpired:
		s.Expired = true
	case PaymentReceived:
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing {
			if !e.Sale {
				p.Pending = e.Amount
			}
			return p.Receive(e.User, e.Amount)
		})
	case PaymentVerified:
		s.Paid = cmp.Or(s.Paid, e.Payment)
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing { return p.Credit(e.User, e.Amount) })
	case PaymentRefuted:
		return s.with(string(e.Payment), payment.Standing.Refute)
	case PaymentHeld:
		return s.with(e.key(), func(p payment.Standing) payment.Standing { return p.Hold(e.hold()) })
	case PaymentReleased:
		s.Paid = cmp.Or(s.Paid, e.Payment)
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing {
			return p.Release(e.Hold, e.User, e.Amount)
		})
	case PaymentMispaid:
		// The money is in suspense: known, and nobody's until it is decided.
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing { return p.Credit(e.User, e.Amount) })
	case MispaymentCredited, MispaymentRefunded, MispaymentDismissed, PaymentRefunded:
		// They move money that stays known under its identity: another report
		// of it is still a repetition.
	}
	return s
}

// isSale reports whether the registered amount is the website's income.
func (s State) isSale() bool { return s.Registered && s.Terms.For == ForSale }

// mispays says why a payment does not pay the registered order; empty if it does,
// or if nothing is registered.
func (s State) mispays(identity ident.Payment, amount money.Amount) payment.Reason {
	switch {
	case !s.Registered:
		return ""
	case s.Paid != "" && s.Paid != identity:
		return payment.Second
	}
	return s.Terms.unmet(amount)
}

func (s State) with(key string, change func(payment.Standing) payment.Standing) State {
	s.Payments = s.Payments.With(key, change(s.Payments.Of(key)))
	return s
}

func (e PaymentHeld) key() string {
	if e.Payment == "" {
		return "digest:" + e.Digest
	}
	return string(e.Payment)
}

func (e PaymentHeld) hold() payment.HeldReport {
	var amount money.Amount
	if e.Amount != nil {
		amount = *e.Amount
	}
	return payment.HeldReport{
		ID: e.Hold, User: e.User, Amount: amount, Reason: e.Reason,
		Arrived: e.Arrived, Contradiction: e.Contradiction,
	}
}
