// Package deposit is one address's stream: whose it is, and the payments that
// arrived at it. It is pure: commands carry everything that comes from outside.
package deposit

import (
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Category is the category of address streams.
const Category = "address"

// ID is an address, percent-encoded.
type ID string

// NewID encodes an address, as ParseAddress has it.
func NewID(address string) ID { return ID(ident.Escape(address)) }

// Stream returns the name of the address's stream.
func (id ID) Stream() string { return Category + "-" + string(id) }

// State is what decisions about an address need to know. The zero value is an
// address that nobody has heard of.
type State struct {
	User      string            // registered for; empty if it is not
	Payments  payment.Standings // by payment identity
	Anonymous []Anonymous       // reports without a transaction hash

	// Waited are the payments that arrived before the address was registered, and
	// Credited the amounts of those that were credited for that, in the order of
	// the log.
	Waited   []ident.Payment
	Credited []money.Amount

	Items map[string]Item // what waits or has waited for a person, by id
}

// Anonymous is a report without an identity, held once for each body.
type Anonymous struct {
	Digest string
	Hold   string
	Task   string // of the process that has read it again, if any
}

// Evolve puts one event on a state, which it takes over: folding goes forward.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case AddressRegistered:
		s.User = e.User
	case DepositReceived:
		return s.with(e.Payment, func(p payment.Standing) payment.Standing { return p.Receive(e.User, e.Amount) })
	case DepositVerified:
		s = s.settleItems(e.Closes)
		if _, waited := waiting(s.Payments.Of(string(e.Payment))); waited {
			s.Credited = append(s.Credited, e.Amount)
		}
		return s.with(e.Payment, func(p payment.Standing) payment.Standing { return p.Credit(e.User, e.Amount) })
	case DepositHeld:
		s = s.open(e)
		if e.Payment == "" {
			s.Anonymous = append(s.Anonymous, Anonymous{Digest: e.Digest, Hold: e.Hold, Task: e.Task})
			return s
		}
		if e.Reason == payment.NoUser {
			s.Waited = append(s.Waited, e.Payment)
		}
		return s.with(e.Payment, func(p payment.Standing) payment.Standing { return p.Hold(e.hold()) })
	case DepositReleased:
		return s.release(e)
	case DepositDismissed:
		return s.dismiss(e)
	case DecisionReversed:
		return s.reverse(e)
	case RefundDecided:
		return s.intend(e)
	case RefundWithdrawn:
		return s.withdraw(e)
	case DepositRefunded:
		return s.refunded(e)
	case DepositSeenAgain: // it counts for the person who decides, not for the next report
		s = s.change(e.Hold, func(i Item) Item {
			if !i.IsOpen() {
				i.Item = i.NextRound()
			}
			return i
		})
		for i := range s.Anonymous {
			if e.Task != "" && s.Anonymous[i].Hold == e.Hold {
				s.Anonymous[i].Task = e.Task
			}
		}
	}
	return s
}

func (s State) with(key ident.Payment, change func(payment.Standing) payment.Standing) State {
	s.Payments = s.Payments.With(string(key), change(s.Payments.Of(string(key))))
	return s
}

func (e DepositHeld) hold() payment.HeldReport {
	var amount money.Amount
	if e.Amount != nil {
		amount = *e.Amount
	}
	return payment.HeldReport{
		ID: e.Hold, User: e.User, Amount: amount, Reason: e.Reason,
		Arrived: e.Arrived, Contradiction: e.Contradiction,
	}
}
