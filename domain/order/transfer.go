package order

import (
	"fmt"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Unclaimed is the error of a decision that would post a payment whose transaction its
// order has not claimed yet.
type Unclaimed struct{ Transaction ident.Payment }

func (u Unclaimed) Error() string {
	return fmt.Sprintf("transaction %s is not claimed for the order", u.Transaction)
}

// Unsettled is the error of a decision that would credit a payment which has not settled
// the website's order yet.
type Unsettled struct {
	Site    ID
	Payment ident.Payment
}

func (u Unsettled) Error() string {
	return fmt.Sprintf("order %s is not settled by payment %s", u.Site, u.Payment)
}

// payTransfer decides about a payment of a provider that shows its transfers. It is
// credited when all the evidence that it needs is there, by the terms of its order and
// by nothing that the report itself says of a user.
func (d *decision) payTransfer(paid Claim) {
	c := d.command
	identity := d.identity(*paid.Transfer)
	standing := d.state.Payments.Of(string(identity))
	needs := c.Policy.Needs
	if standing.Received {
		needs = standing.Needs
	}
	claim := payment.Claim{Amount: paid.Transfer.Amount, Transfer: paid.Transfer, Unproven: paid.Doubt != "", Redriven: c.Task != ""}
	switch {
	case paid.Doubt != "":
		claim.Problem = paid.Doubt
	case identity != c.Payment:
		claim.Problem, claim.Unproven = payment.AnotherTransfer, true
	case needs.Has(payment.API): // it is received, and waits
	case isHeldByHash(standing, *paid.Transfer):
		return
	case d.isTaken(standing, *paid.Transfer):
		claim.Problem, claim.Unproven = payment.TransactionElsewhere, true
	case d.state.Registered:
		claim.Sufficient = true
	default:
		claim.Problem = payment.Unregistered
	}
	received := d.byTerms(identity, *paid.Transfer)
	received.OccurredAt, received.Details, received.Needs = c.OccurredAt, paid.details(""), needs
	received.Evidence = []payment.Evidence{paid.Evidence}
	verdict := standing.Judge(claim)
	isPostedTwice := claim.Problem == payment.TransactionElsewhere && standing.Posted() != nil
	if isPostedTwice || standing.Refuted && claim.Problem == "" {
		verdict = standing.Contradict(claim) // a person has to look
	}
	switch verdict.Action {
	case payment.Ignore:
		d.reportFee(identity, *paid.Transfer)
	case payment.Receive:
		d.add(d.announced(received))
	case payment.Credit:
		d.credit(received, received.Evidence, verdict.Closes)
	case payment.Verify:
		d.verify(received, received.Evidence, verdict.Closes)
	case payment.Hold:
		held := PaymentHeld{Payment: identity, OccurredAt: c.OccurredAt, Evidence: received.Evidence}
		if verdict.Reason == payment.Unregistered {
			held.Reference = paid.Details.Reference
		}
		d.hold(held, claim, verdict)
	}
}

// identity returns the payment that a transfer is. What is paid once is the first
// transfer to it; one with another hash is another payment.
func (d *decision) identity(t payment.Transfer) ident.Payment {
	known := d.state.Payments.Of(string(d.command.Payment)).First()
	if known == nil || known.Hash == "" || t.Hash == "" || known.Hash == t.Hash {
		return d.command.Payment
	}
	return d.command.Payment.Of(t.Hash)
}

// byTerms is what a transfer is by the terms of its order.
func (d *decision) byTerms(identity ident.Payment, t payment.Transfer) PaymentReceived {
	received := PaymentReceived{Payment: identity, Amount: t.Amount, Transfer: &t}
	if d.state.Registered {
		received.User, received.Amount, received.Sale = d.state.Terms.User, d.state.Terms.counts(t), d.state.isSale()
	}
	return received
}

// announced is what is received of a transfer: nothing for a user, unless it meets the
// terms of a registered order.
func (d *decision) announced(received PaymentReceived) PaymentReceived {
	if d.state.mispays(received) != "" {
		received.User, received.Amount, received.Sale = "", received.Transfer.Amount, false
	}
	return received
}

// isTaken reports whether another order has the transaction of a transfer that this
// order would post. A transfer that was posted with its hash was claimed then; one that
// was posted without it may turn out to be another order's.
func (d *decision) isTaken(standing payment.Standing, t payment.Transfer) bool {
	transaction := t.Transaction()
	if posted := standing.Posted(); transaction == "" || posted != nil && posted.Hash != "" {
		return false
	}
	if d.command.Transaction != transaction {
		d.lack(Unclaimed{transaction})
	}
	return d.command.Taken
}

// isHeldByHash reports whether another order has the transaction of a payment, as a hold
// of it says; a report that leaves out the hash does not credit it after all.
func isHeldByHash(standing payment.Standing, t payment.Transfer) bool {
	return t.Hash == "" && slices.ContainsFunc(standing.Holds, func(h payment.HeldReport) bool {
		return h.Reason == payment.TransactionElsewhere && h.Transfer != nil && h.Transfer.Agrees(t)
	})
}

// reportFee records a fee that was not known when its payment was posted.
func (d *decision) reportFee(identity ident.Payment, t payment.Transfer) {
	standing := d.state.Payments.Of(string(identity))
	posted := standing.Posted()
	if posted == nil || !posted.Agrees(t) || !posted.Fee.IsZero() || !standing.Fee.IsZero() || t.Fee.IsZero() || t.Fee.Sign() == 0 {
		return
	}
	d.add(FeeReported{Payment: identity, Fee: t.Fee, OccurredAt: d.command.OccurredAt})
}

// reportRefunds records each report of a refund that is not known.
func (d *decision) reportRefunds(refunds []Refund) {
	for _, r := range refunds {
		reported := RefundReported{
			Payment: d.command.Payment, Refund: r.Payment, Status: r.Status, Reason: r.Doubt, Hash: r.Hash, OccurredAt: r.OccurredAt,
		}
		if r.Amount != (money.Amount{}) {
			reported.Amount = &r.Amount
		}
		if r.Payment == "" {
			reported.Digest = r.Digest
		}
		if len(d.state.Refunds) > payment.Max || d.state.knows(reported) {
			continue
		}
		if r.Payment != "" && r.Status == refundFailed {
			failed := report{payment: reported.Payment, amount: r.Amount, hash: r.Hash}
			if intent := d.openIntent(r.Payment, failed); intent != nil {
				reported.Intent = intent.Refund
			}
		}
		known := d.state.Reports[r.Payment]
		d.add(reported)
		if reason := r.heldFor(known); reason != "" {
			d.holdReport(RefundHeld{
				Payment: d.command.Payment, Report: r.Payment, Amount: r.Amount.Optional(), Reason: reason, Hash: r.Hash, OccurredAt: r.OccurredAt,
			})
		}
	}
}

// heldFor says why a report of a refund waits for a person; empty if it does not. One that
// was settled before says something else now.
func (r Refund) heldFor(known report) payment.Reason {
	switch {
	case r.Doubt != "" && (r.Status == refundCompleted || r.Doubt == payment.RefundMissing):
		return r.Doubt
	case r.Status == refundCompleted && known.isSettled && known.amount != r.Amount:
		return payment.Contradiction
	}
	return ""
}

func (s State) knows(r RefundReported) bool {
	for _, known := range s.Refunds {
		if known == r.key() {
			return true
		}
	}
	return false
}

// key tells apart the reports of refunds that say different things.
func (e RefundReported) key() string {
	amount := ""
	if e.Amount != nil {
		amount = e.Amount.String()
	}
	return fmt.Sprintf("%s %s %s %s %s", e.Refund, e.Digest, e.Status, e.Reason, amount)
}
