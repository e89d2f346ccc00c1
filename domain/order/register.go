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
	Claims
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
	d := decision{state: s.Clone(), command: Report{EventID: c.EventID, Claims: c.Claims}}
	if s.Paid != "" && s.disagrees(c.Terms) {
		d.contradict(s.Paid, payment.Claim{User: c.User, Amount: c.Amount})
	} else {
		d.add(OrderRegistered{Terms: c.Terms})
		d.creditWaiting(c.Evidence)
		d.settleRefunds()
	}
	return d.decided()
}

// LinkSite is the command to link a provider's order to the website's order that it has
// named before that was registered.
type LinkSite struct {
	Link
	// Evidence is that of the payments that wait for a registration.
	Evidence payment.Evidence
	Claims
	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}

// DecideLink returns the events of a link, none if the order has terms already or names
// another order of the website.
func DecideLink(s State, c LinkSite) ([]Event, error) {
	if NewID(Site, s.Reference) != c.Site {
		return nil, nil
	}
	d := decision{state: s.Clone(), command: Report{EventID: c.EventID, Claims: c.Claims}}
	d.link(c.Link, c.Evidence)
	d.settleRefunds()
	return d.decided()
}

// Settle is the command to settle the website's own order by a payment.
type Settle struct{ Payment ident.Payment }

// The errors of DecideSettle.
var (
	ErrSettled      = errors.New("another payment has settled the order")
	ErrUnregistered = errors.New("the order is not registered")
)

// DecideSettle returns the event by which a payment settles an order of the website, none
// if it has settled it before.
func DecideSettle(s State, c Settle) ([]Event, error) {
	switch {
	case !s.Registered:
		return nil, ErrUnregistered
	case s.Settled == c.Payment:
		return nil, nil
	case s.Settled != "":
		return nil, ErrSettled
	}
	return []Event{OrderSettled{Payment: c.Payment}}, nil
}

// DecideSought returns the event that closes the search for payments which named the
// order before it was registered.
func DecideSought(s State, found int) []Event {
	if !s.Registered || s.Sought {
		return nil
	}
	return []Event{PaymentsSought{Found: found}}
}

// link copies the terms of the website's order, as a registration would. A credit that
// was made without them settles that order, as one by its terms does.
func (d *decision) link(c Link, evidence payment.Evidence) {
	switch s := d.state; {
	case s.Registered:
	case s.Paid != "" && (s.disagrees(c.Terms) || d.isSecond(c.Site)):
		d.contradict(s.Paid, payment.Claim{User: c.User, Amount: c.Amount})
	default:
		d.add(OrderLinked{Site: c.Site, Terms: c.Terms})
		d.creditWaiting(evidence)
	}
}

// isSecond reports whether another payment has settled the website's order that the
// credit which stands would pay.
func (d *decision) isSecond(site ID) bool {
	if d.command.Settles != d.state.Paid {
		d.lack(Unsettled{site, d.state.Paid})
		return false
	}
	return d.command.SettledElsewhere
}

// disagrees reports whether the credit that stands is not what the terms would
// have made of the payment.
func (s State) disagrees(t Terms) bool {
	paid := s.Payments.Of(string(s.Paid))
	user, amount := paid.User, paid.Amount
	if paid.Owner != "" {
		user, amount = paid.Owner, paid.Credited
	}
	return t.For != ForBalance || user != t.User || t.unmet(amount) != ""
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
		d.hold(PaymentHeld{Payment: identity, Registration: true}, claim, verdict)
	}
}

// creditWaiting settles the payments that have arrived, and about which nothing
// was missing but whose they are.
func (d *decision) creditWaiting(evidence payment.Evidence) {
	for key, standing := range d.state.Payments.Sorted() {
		waits := slices.IndexFunc(standing.Holds, waitsForUser)
		if waits < 0 || standing.Verified {
			continue
		}
		d.creditHeld(ident.Payment(key), standing, standing.Holds[waits], evidence)
	}
}

// creditHeld settles a payment by the registration for which it was held. The evidence
// is that of the hold, where the hold says.
func (d *decision) creditHeld(identity ident.Payment, standing payment.Standing, held payment.HeldReport, seen payment.Evidence) {
	evidence := held.Evidence
	if len(evidence) == 0 {
		evidence = []payment.Evidence{seen}
	}
	claim := payment.Claim{User: d.state.Terms.User, Amount: held.Amount, Transfer: held.Transfer, Sufficient: true}
	received := PaymentReceived{
		Payment: identity, User: claim.User, Amount: claim.Amount, Sale: d.state.isSale(), OccurredAt: held.OccurredAt,
	}
	if held.Transfer != nil {
		received = d.byTerms(identity, *held.Transfer)
		received.OccurredAt = held.OccurredAt
	}
	switch verdict := standing.Judge(claim); verdict.Action {
	case payment.Credit:
		d.credit(received, evidence, verdict.Closes)
	case payment.Verify:
		d.verify(received, evidence, verdict.Closes)
	}
}

func waitsForUser(h payment.HeldReport) bool {
	switch h.Reason {
	case payment.NoUser, payment.UnusableUser, payment.Unregistered:
		return h.Arrived && !h.Closed
	}
	return false
}
