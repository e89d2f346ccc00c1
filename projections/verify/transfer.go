package verify

import (
	"context"
	"slices"
	"strings"

	"daybook/eventstore"
)

// Words of events about transfers.
const (
	byAPI             = "api"
	bySignature       = "signature"
	needsRegistration = "registered"
	anotherTransfer   = "another-transfer"
	takenTransaction  = "transaction-elsewhere"
	providerDisagrees = "provider-disagrees"
	unverified        = "unverified"
)

// texts returns the transfer as it is compared; nil if there is none.
func (m *moved) texts() *Transfer {
	if m == nil {
		return nil
	}
	return &Transfer{m.Amount.text(), m.Quoted.text(), m.Fee.text(), m.Network, m.Hash, m.Payee}
}

// agrees reports whether two reports can be of one transfer: a member that one of them
// leaves out contradicts nothing.
func (t *Transfer) agrees(u *Transfer) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return t.Amount == u.Amount && same(t.Quoted, u.Quoted) && same(t.Fee, u.Fee) &&
		same(t.Network, u.Network) && same(t.Hash, u.Hash) && same(t.Payee, u.Payee)
}

// merged returns the transfer with the members that only the other has.
func (t Transfer) merged(u *Transfer) Transfer {
	for _, member := range []struct {
		is    *string
		other string
	}{{&t.Quoted, u.Quoted}, {&t.Fee, u.Fee}, {&t.Network, u.Network}, {&t.Hash, u.Hash}, {&t.Payee, u.Payee}} {
		if *member.is == "" {
			*member.is = member.other
		}
	}
	return t
}

// fee is what the hold has posted as the provider's.
func (h *heldBefore) fee() string {
	if h.posted() == "" || h.transfer == nil {
		return ""
	}
	return h.transfer.Fee
}

// byTerms is what the terms of an order make of a transfer.
type byTerms struct{ user, amount, reason, price string }

// counted returns for how much a transfer counts, and why it does not pay the order.
func (h *history) counted(payment string, m *moved) (made byTerms) {
	made.amount = m.Amount.text()
	if h.terms == nil {
		return made
	}
	counts := m.Amount
	if m.Quoted != nil && m.Quoted.Currency == h.terms.price.Currency {
		counts = m.Quoted
	}
	made.user, made.amount = h.owner, counts.text()
	made.reason = h.mispays(payment, counts, h.terms.expires)
	if h.terms.isSale {
		made.price = h.terms.price.text()
	}
	return made
}

// compareTransfer says in what an event differs from the claim of a body about a
// transfer.
func (p *prover) compareTransfer(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return nil, err
	}
	found.time("occurredAt", said.OccurredAt, c.OccurredAt)
	k, isKnown := h.payments[said.Payment]
	if e.Type == "FeeReported" {
		found.text("fee", said.Fee.text(), c.Transfer.Fee)
		if posted := h.postedTransfer(said.Payment); posted == nil || posted.Fee != "" || k.feeKnown {
			found.add("no payment before it is posted without its fee")
		}
		return found, nil
	}
	if is := said.Transfer.texts(); is == nil || *is != *c.Transfer {
		found.add("transfer is not the one in the kept body")
	}
	if !slices.ContainsFunc(said.Evidence, func(s statedEvidence) bool { return s.Method == c.Method && s.Status == c.Said }) {
		found.add("evidence is not what the kept body says")
	}
	if e.Type == "PaymentHeld" {
		return append(found, p.compareHeldTransfer(e, said, c, h)...), nil
	}
	if c.Problem != "" {
		found.add("the kept body does not credit anybody: %s", c.Problem)
	}
	if said.Transfer == nil {
		return found, nil
	}
	made := h.counted(said.Payment, said.Transfer)
	if e.Type == "PaymentReceived" {
		return append(found, compareReceived(said, c, made, h)...), nil
	}
	needs := k.needs
	if !isKnown && e.Type == "PaymentVerified" || slices.Contains(needs, byAPI) {
		found.add("its provider was not asked")
	}
	if made.reason, err = p.bySite(ctx, e, h, said.Payment, made.reason); err != nil {
		return nil, err
	}
	return append(found, p.compareMade(e, said, made, k.pending)...), nil
}

// compareReceived compares what was announced: nothing, unless it meets the terms.
func compareReceived(said *statement, c *Claim, made byTerms, h *history) (found differences) {
	if made.user == "" || made.reason != "" {
		made = byTerms{amount: said.Transfer.Amount.text()}
	}
	found.private("user", said.User, made.user)
	found.text("amount", said.Amount.text(), made.amount)
	if said.Sale != (made.price != "") {
		found.add("sale is %v, and the terms of its order say otherwise", said.Sale)
	}
	for _, need := range []string{bySignature, needsRegistration} {
		if !slices.Contains(said.Needs, need) {
			found.add("needs has no %s, which every policy has", need)
		}
	}
	for _, need := range said.Needs {
		if need != bySignature && need != needsRegistration && need != byAPI {
			found.add("needs has %.40q, which no policy has", need)
		}
	}
	c.AtOnce = !slices.Contains(said.Needs, byAPI) // the credit follows in the same append
	want := c.Details
	s := said.Details
	if (Details{s.Reference, s.UUID, s.Bitcoin.text(), s.TransactionHash, s.ReceiveAddress, s.Object}) != want {
		found.add("details are not those in the kept body")
	}
	if said.Sold != nil || said.Received != nil || said.Reason != "" || said.Hold != "" {
		found.add("it says more than a receipt does")
	}
	return found
}

// compareMade compares a credit or a mispayment with what the terms make of it.
func (p *prover) compareMade(e *eventstore.Recorded, said *statement, made byTerms, pending string) (found differences) {
	found.private("user", said.User, made.user)
	found.text("received", said.Received.text(), pending)
	if e.Type == "PaymentMispaid" {
		found.text("amount", said.Amount.text(), said.Transfer.Amount.text())
		found.text("reason", said.Reason, made.reason)
		if made.reason == "" {
			found.add("the payment meets the terms of its order")
		}
		if said.Mispayment != e.ID.String() {
			found.add("mispayment is not the event's id")
		}
		return found
	}
	found.text("amount", said.Amount.text(), made.amount)
	found.text("sold", said.Sold.text(), made.price)
	if made.user == "" || made.reason != "" {
		found.add("the payment does not meet the terms of its order: %s", made.reason)
	}
	return found
}

// compareHeldTransfer compares why a transfer is held on a body, and whether its money is
// posted.
func (p *prover) compareHeldTransfer(e *eventstore.Recorded, said *statement, c *Claim, h *history) (found differences) {
	if said.Hold != e.ID.String() {
		found.add("hold is not the event's id")
	}
	if said.Contradiction != (said.Reason == contradiction) {
		found.add("contradiction and reason disagree")
	}
	if said.Arrived.is != (said.Reason == unregistered) {
		found.add("arrived is %v, and the reason is %.40q", said.Arrived.is, said.Reason)
	}
	found.text("amount", said.Amount.text(), c.Transfer.Amount)
	found.private("user", said.User, "")
	found.text("received", said.Received.text(), "")
	if said.Registration {
		found.add("a callback registers nothing")
	}
	if said.Reported != nil {
		found.add("a callback reports nothing beside itself")
	}
	reference := ""
	if said.Reason == unregistered {
		reference = c.Details.Reference
	}
	found.private("reference", said.Reference, reference)
	var follows bool
	switch said.Reason {
	case contradiction:
		follows = h.contradictsTransfer(said.Payment, c)
	case anotherTransfer:
		follows = said.Payment != c.Payment
	case takenTransaction:
		follows = c.Transfer.Hash != "" && c.Problem == ""
	case unregistered:
		follows = h.terms == nil && c.Problem == "" && said.Payment == c.Payment
	case redriven:
		follows = p.append.isRedriven
	default:
		follows = said.Reason == c.Problem
	}
	if !follows || said.Reason == "" {
		found.add("reason is %.40q, which does not follow from the kept body", said.Reason)
	}
	return found
}

// contradictsTransfer reports whether a claim says otherwise than what is known of the
// transfer.
func (h *history) contradictsTransfer(payment string, c *Claim) bool {
	if posted := h.postedTransfer(payment); posted != nil && posted.Hash == "" && c.Transfer.Hash != "" {
		return true // another order has posted that transaction
	}
	if k, isKnown := h.payments[payment]; isKnown {
		return k.transfer != nil && !k.transfer.agrees(c.Transfer) || k.refuted
	}
	for _, hold := range h.holds {
		if hold.payment == payment && hold.arrived && hold.transfer != nil && !hold.transfer.agrees(c.Transfer) {
			return true
		}
	}
	return false
}

// postedTransfer returns the transfer that stands posted; nil if none does.
func (h *history) postedTransfer(payment string) *Transfer {
	switch k := h.payments[payment]; {
	case k.owner != "":
		return k.given
	case k.verified:
		return k.transfer
	}
	for _, hold := range h.holds {
		if hold.payment == payment && hold.arrived {
			return hold.transfer
		}
	}
	return nil
}

// isAnotherTransfer reports whether a hold is of another transaction to what a claim is
// about.
func isAnotherTransfer(e *eventstore.Recorded, said *statement, c *Claim) bool {
	return (e.Type == "PaymentHeld" || e.Type == "FeeReported") && c.Transfer != nil && c.Transfer.Hash != "" && said.Payment == c.Payment+"/"+c.Transfer.Hash
}

// isFromProvider reports whether an event is made of a provider's answer.
func isFromProvider(said *statement, actor string) bool {
	return said.Transfer != nil && strings.HasPrefix(actor, "process:verifier")
}
