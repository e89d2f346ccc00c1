package order

import (
	"errors"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/payment"
)

// ErrOtherTerms says that the order is registered with other terms.
var ErrOtherTerms = errors.New("the order is registered with other terms")

// Register is the command to register what is expected of an order.
type Register struct {
	Terms
	// Evidence is that of the payments that wait for a registration.
	Evidence payment.Evidence
	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}

// DecideRegister returns the events of a registration, none if it is a
// repetition. Payments that have waited for it are credited in the same append.
// Terms that disagree with a credit are not registered: the credit gets a
// contradiction, once, with the terms as the other reading.
func DecideRegister(s State, c Register) ([]Event, error) {
	if err := c.Terms.Check(); err != nil {
		return nil, err
	}
	if s.Registered {
		if !s.Terms.Equal(c.Terms) {
			return nil, ErrOtherTerms
		}
		return nil, nil
	}
	s.Payments = s.Payments.Clone()
	d := decision{state: s, command: Report{EventID: c.EventID}}
	if s.Paid != "" && s.disagrees(c.Terms) {
		d.contradict(s.Paid, payment.Claim{User: c.User, Amount: c.Amount})
	} else {
		d.add(OrderRegistered{Terms: c.Terms})
		d.creditWaiting(c.Evidence)
	}
	return d.events, nil
}

// disagrees reports whether the credit that stands is not what the terms would
// have made of the payment.
func (s State) disagrees(t Terms) bool {
	paid := s.Payments.Of(string(s.Paid))
	return t.For != ForBalance || paid.User != t.User || t.unmet(paid.Amount) != ""
}

// Disagreement returns the hold that terms have made of the credit that stands;
// empty if there is none.
func (s State) Disagreement(t Terms) string {
	for _, h := range s.Payments.Of(string(s.Paid)).Holds {
		if h.Contradiction && h.User == t.User && h.Amount == t.Amount {
			return h.ID
		}
	}
	return ""
}

// contradict holds what the terms say of a payment that is credited otherwise. A
// person who has payment.Max readings of one payment needs no further one.
func (d *decision) contradict(identity ident.Payment, claim payment.Claim) {
	standing := d.state.Payments.Of(string(identity))
	verdict := standing.Contradict(claim)
	if verdict.Action == payment.Hold && len(standing.Holds) < payment.Max {
		d.hold(PaymentHeld{Payment: identity}, claim, verdict)
	}
}

// creditWaiting settles the payments that have arrived, and about which nothing
// was missing but whose they are.
func (d *decision) creditWaiting(evidence payment.Evidence) {
	for key, standing := range d.state.Payments.Sorted() {
		waits := slices.IndexFunc(standing.Holds, waitsForUser)
		if waits < 0 || standing.Received {
			continue
		}
		claim := payment.Claim{User: d.state.Terms.User, Amount: standing.Holds[waits].Amount, Sufficient: true}
		if verdict := standing.Judge(claim); verdict.Action == payment.Credit {
			received := PaymentReceived{Payment: ident.Payment(key), User: claim.User, Amount: claim.Amount, Sale: d.state.isSale()}
			d.credit(received, evidence, verdict.Closes)
		}
	}
}

func waitsForUser(h payment.HeldReport) bool {
	switch h.Reason {
	case payment.NoUser, payment.UnusableUser, payment.Unregistered:
		return h.Arrived && !h.Closed
	}
	return false
}
