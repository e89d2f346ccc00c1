package order

import (
	"daybook/domain/ident"
	"daybook/domain/payment"
)

// Answer is what a provider says about a payment that was reported to us.
type Answer string

// The answers that decide something. That a payment is still under way, or that there
// was no answer, decides nothing.
const (
	Came       Answer = "came"       // the money has arrived, whatever went back since
	NeverCame  Answer = "never-came" // it will not
	Unanswered Answer = "unanswered" // there was no answer for too long
)

// Verify is the command to take note of a provider's answer.
type Verify struct {
	Payment  ident.Payment
	Answer   Answer
	Evidence payment.Evidence // with the transfer, if the money came
	Claims

	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}

// DecideVerify returns the events that an answer comes to, none if the payment does not
// wait for one any more.
func DecideVerify(s State, c Verify) ([]Event, error) {
	standing := s.Payments.Of(string(c.Payment))
	if !standing.Awaits() {
		return nil, nil
	}
	d := decision{state: s.Clone(), command: Report{Payment: c.Payment, EventID: c.EventID, Claims: c.Claims}}
	switch c.Answer {
	case Came:
		d.came(c, standing)
	case NeverCame:
		refuted := PaymentRefuted{
			Payment: c.Payment, User: s.Terms.User, Amount: standing.Amount, Transfer: standing.Transfer,
			Received: d.pending(c.Payment), Evidence: []payment.Evidence{c.Evidence},
		}
		d.add(refuted)
	case Unanswered:
		d.holdAnswer(c, *standing.Transfer, payment.Unverified, false)
	}
	d.settleRefunds()
	return d.decided()
}

// came settles a payment that the provider shows as paid: by the terms of its order,
// if the provider shows what the callback said.
func (d *decision) came(c Verify, standing payment.Standing) {
	reported, shown := *standing.Transfer, *c.Evidence.Transfer
	transfer := shown.With(reported)
	switch {
	case !reported.Agrees(shown):
		if d.isTaken(standing, shown) {
			d.holdAnswer(c, shown, payment.TransactionElsewhere, false)
			return
		}
		d.holdAnswer(c, shown, payment.ProviderDisagrees, true)
	case d.isTaken(standing, transfer):
		d.holdAnswer(c, transfer, payment.TransactionElsewhere, false)
	case !d.state.Registered:
		d.holdAnswer(c, transfer, payment.Unregistered, true)
	default:
		claim := payment.Claim{Amount: standing.Amount, Sufficient: true}
		received := d.byTerms(c.Payment, transfer)
		if verdict := standing.Judge(claim); verdict.Action == payment.Verify {
			d.verify(received, []payment.Evidence{c.Evidence}, verdict.Closes)
		}
	}
}

// holdAnswer holds what the provider shows, beside what the callback said where that is
// something else.
func (d *decision) holdAnswer(c Verify, t payment.Transfer, reason payment.Reason, arrived bool) {
	standing := d.state.Payments.Of(string(c.Payment))
	held := PaymentHeld{
		Payment: c.Payment, User: d.state.Terms.User, Amount: t.Amount.Optional(), Arrived: arrived, Reason: reason,
		Transfer: &t, Received: d.pending(c.Payment), Evidence: []payment.Evidence{c.Evidence},
	}
	if reason == payment.ProviderDisagrees {
		held.Reported = standing.Transfer
	}
	if reason == payment.Unregistered {
		held.Reference = d.state.Reference
	}
	held.Hold = d.command.EventID(len(d.events))
	d.add(held)
}
