package order

import (
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// maxStatuses bounds the different words kept of one order. There are about
// six; a sender who invents more is not worth a longer stream.
const maxStatuses = 50

// Decide returns the events that a report comes to, none if all of it is
// known. Repeating a report changes nothing, and nothing that a report says
// takes money back. A report that the stream has no room for is a
// payment.ErrTooMany.
func Decide(s State, c Report) ([]Event, error) {
	d := decision{state: s.Clone(), command: c}
	if c.Link != nil && c.Paid != nil {
		d.link(*c.Link, c.Paid.Evidence)
	}
	switch {
	case c.Paid == nil:
	case c.Paid.Transfer != nil:
		d.payTransfer(*c.Paid)
	default:
		d.pay(*c.Paid)
	}
	for _, m := range c.Mispayments {
		d.mispay(m)
		if len(d.events) > payment.Max {
			return nil, payment.ErrTooMany // before work that grows with the square
		}
	}
	d.reportRefunds(c.Refunds)
	d.settleRefunds()
	if c.Status != "" && !slices.Contains(s.Statuses, c.Status) {
		d.add(OrderStatusReported{Status: c.Status, OccurredAt: c.OccurredAt})
	}
	if d.state.Payments.TooMany() || len(d.state.Statuses) > maxStatuses || len(d.state.Refunds) > payment.Max {
		return nil, payment.ErrTooMany
	}
	return d.decided()
}

// decision collects events, each decided on the state that the ones before it
// leave.
type decision struct {
	state   State
	command Report
	events  []Event
	lacks   error // the first Unclaimed, Unsettled or Unposted
}

// decided returns the events, unless another stream has to be asked first.
func (d *decision) decided() ([]Event, error) {
	if d.lacks != nil {
		return nil, d.lacks
	}
	return d.events, nil
}

// lack notes what another stream has to be asked. The first is asked first: all orders
// claim a transaction before they settle an order of the website. Else one could have
// the claim and another the settlement, and neither would be credited.
func (d *decision) lack(err error) {
	if d.lacks == nil {
		d.lacks = err
	}
}

func (d *decision) add(events ...Event) {
	for _, e := range events {
		d.state = Evolve(d.state, e)
		if d.command.Book == nil {
			continue
		}
		if err := d.command.Book.Put(e); err != nil {
			d.lack(err)
		}
	}
	d.events = append(d.events, events...)
}

// pay decides about the order's own payment.
func (d *decision) pay(paid Claim) {
	c, s := d.command, d.state
	claim := payment.Claim{
		Amount:     paid.Amount,
		Unproven:   paid.Doubt != "",
		Redriven:   c.Task != "",
		Sufficient: slices.Contains(c.Policy.Sufficient, paid.Evidence.Method),
	}
	claim.User, claim.Problem = s.resolve(paid, c.Policy)
	if !payment.Readable(paid.Amount) {
		claim.Problem = payment.UnreadableAmount
	}
	if paid.Doubt != "" {
		claim.Problem = paid.Doubt
	}

	verdict := s.Payments.Of(string(c.Payment)).Judge(claim)
	received := PaymentReceived{
		Payment: c.Payment, User: claim.User, Amount: claim.Amount, Sale: s.isSale(),
		OccurredAt: c.OccurredAt, Details: paid.details(claim.User),
	}
	switch verdict.Action {
	case payment.Ignore:
	case payment.Receive:
		d.add(received)
	case payment.Credit:
		d.credit(received, []payment.Evidence{paid.Evidence}, verdict.Closes)
	case payment.Verify:
		known := s.Payments.Of(string(c.Payment))
		received.User, received.Amount = known.User, known.Amount
		d.verify(received, []payment.Evidence{paid.Evidence}, verdict.Closes)
	case payment.Hold:
		held := PaymentHeld{Payment: c.Payment, OccurredAt: c.OccurredAt}
		if verdict.Reason == payment.Unregistered {
			held.Reference = paid.Custom
		}
		d.hold(held, claim, verdict)
	}
}

// credit receives and verifies a payment at once.
func (d *decision) credit(received PaymentReceived, evidence []payment.Evidence, closes []payment.HeldReport) {
	if d.mispays(received, evidence, closes) {
		return
	}
	d.add(received)
	d.verified(received, evidence, closes)
}

// verify credits a payment that was received before.
func (d *decision) verify(received PaymentReceived, evidence []payment.Evidence, closes []payment.HeldReport) {
	if !d.mispays(received, evidence, closes) {
		d.verified(received, evidence, closes)
	}
}

// mispays puts a payment that does not meet the terms into suspense, and reports whether
// it did. A payment that does has to settle the website's order that is linked.
func (d *decision) mispays(received PaymentReceived, evidence []payment.Evidence, closes []payment.HeldReport) bool {
	reason := d.state.mispays(received)
	if reason == "" && d.state.Site != "" {
		switch {
		case d.command.Settles != received.Payment:
			d.lack(Unsettled{d.state.Site, received.Payment})
		case d.command.SettledElsewhere:
			reason = payment.Second
		}
	}
	if reason == "" {
		return false
	}
	mispaid := PaymentMispaid{
		Mispayment: d.command.EventID(len(d.events)), Payment: received.Payment, User: received.User, Amount: received.Amount,
		Reason: reason, Received: d.pending(received.Payment), OccurredAt: received.OccurredAt, Closes: payment.Closed(closes),
	}
	if received.Transfer != nil {
		mispaid.Amount, mispaid.Transfer, mispaid.Evidence = received.Transfer.Amount, received.Transfer, evidence
	}
	d.add(mispaid)
	return true
}

func (d *decision) verified(received PaymentReceived, evidence []payment.Evidence, closes []payment.HeldReport) {
	verified := PaymentVerified{
		Payment: received.Payment, User: received.User, Amount: received.Amount, Transfer: received.Transfer,
		OccurredAt: received.OccurredAt, Evidence: evidence, Closes: payment.Closed(closes),
	}
	if d.state.isSale() {
		verified.Sold = d.state.Terms.Amount.Optional()
	}
	if d.state.isSale() || received.Transfer != nil {
		verified.Received = d.pending(received.Payment)
	}
	d.add(verified)
}

// pending returns what a payment has announced to the user, nil if nothing.
func (d *decision) pending(identity ident.Payment) *money.Amount {
	return d.state.Payments.Of(string(identity)).Pending.Optional()
}

// resolve says who is to be credited, or why nobody can be.
func (s State) resolve(paid Claim, policy Policy) (user string, problem payment.Reason) {
	switch {
	case s.Registered:
		return s.Terms.User, ""
	case policy.HoldUnregistered:
		return "", payment.Unregistered
	case paid.CustomFault != "":
		return "", paid.CustomFault
	case paid.Custom == "":
		return "", payment.NoUser
	}
	return paid.Custom, ""
}

// mispay decides about one mispayment. What it says of the payer is a hint for
// the person who decides, and contradicts nothing.
func (d *decision) mispay(m Mispayment) {
	claim := payment.Claim{Amount: m.Amount, Unproven: true, Sufficient: true}
	switch {
	case m.Missing:
		claim.Problem = payment.MispaymentMissing
	case m.Payment == "":
		claim.Problem = payment.MispaymentNoID
	case !payment.Readable(m.Amount):
		claim.Problem = payment.MispaymentNoAmount
	case m.Taken:
		claim.Problem = payment.ClaimedElsewhere
	}
	held := PaymentHeld{Payment: m.Payment, Digest: m.Digest, OccurredAt: m.OccurredAt}
	standing := d.state.Payments.Of(held.key())
	if (m.Missing || m.Payment == "") && standing.Received {
		return // announced again after it was described, or after a person credited it
	}
	user := m.Custom
	if d.state.Registered {
		user = d.state.Terms.User
	}
	switch verdict := standing.Judge(claim); verdict.Action {
	case payment.Ignore, payment.Receive, payment.Verify:
	case payment.Credit:
		d.add(PaymentMispaid{
			Mispayment: d.command.EventID(len(d.events)), Payment: m.Payment, User: user, Amount: m.Amount,
			OccurredAt: m.OccurredAt, Closes: payment.Closed(verdict.Closes),
		})
	case payment.Hold:
		d.hold(held, claim, verdict)
	}
}

// hold completes a hold with what was claimed and decided, and adds it.
func (d *decision) hold(e PaymentHeld, claim payment.Claim, verdict payment.Verdict) {
	e.Hold = d.command.EventID(len(d.events))
	e.User = claim.User
	e.Amount = claim.Amount.Optional()
	e.Arrived = verdict.Arrived
	e.Contradiction = verdict.Contradiction
	e.Reason = verdict.Reason
	e.Transfer = claim.Transfer
	if e.Payment != "" {
		e.Digest = ""
	}
	d.add(e)
}

func (c Claim) details(user string) *Details {
	details := c.Details
	if details.Reference == user {
		details.Reference = ""
	}
	if details == (Details{}) {
		return nil
	}
	return &details
}
