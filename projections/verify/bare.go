package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"daybook/eventstore"
)

// proveBare proves an event that no body has caused: it moves what events before
// it have brought, which have evidence of their own.
func (p *prover) proveBare(ctx context.Context, e *eventstore.Recorded, said *statement, actor string) error {
	r := ruleOfEvent(e)
	switch {
	case isCallback(actor), e.Type == quarantined, e.Type == "OrderStatusReported":
		p.note(e, "it has no evidence, although a callback caused it")
	case e.Type == "OrderLinked":
		return p.proveLinked(ctx, e, said)
	case isFromProvider(said, actor):
		return p.proveAnswer(ctx, e, said)
	case r.isCredit(), r.isReceipt(), r.mispays:
		return p.proveMoved(ctx, e, said)
	case e.Type == "PaymentHeld" && said.Contradiction:
		return p.proveOtherTerms(ctx, e, said)
	case r.by&bodies != 0:
		p.note(e, "it has no evidence, although a callback caused it")
	case e.Type == "CallbackRedriven" && e.Revision == 0:
		p.note(e, "its stream keeps no body before it")
	case r.by == 0:
		p.note(e, "it has no evidence, and no command makes such an event")
	case said.saysDecision():
		p.note(e, "it says more than a command does")
	}
	return nil
}

// proveMoved checks an event that moves what a hold before it has put into suspense.
func (p *prover) proveMoved(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	if !h.hasHappened(said) {
		p.note(e, "occurredAt is not the one of what was held")
	}
	if said.Transfer != nil {
		return p.proveWaited(ctx, e, said)
	}
	return p.proveCredit(ctx, e, said)
}

// hasHappened reports whether a payment that was held has happened when its credit says.
func (h *history) hasHappened(said *statement) bool {
	isHeld := false
	for _, hold := range h.holds {
		if hold.payment != said.Payment || !hold.arrived || hold.contradiction {
			continue
		}
		if isHeld = true; hold.occurredAt.Equal(said.OccurredAt) {
			return true
		}
	}
	return !isHeld
}

// hasWaited reports whether an event moves what an open hold has put into suspense. After
// a link that is what had waited for it, and not what the kept body says.
func (p *prover) hasWaited(ctx context.Context, e *eventstore.Recorded, said *statement) (bool, error) {
	r := ruleOfEvent(e)
	if !r.isCredit() && !r.isReceipt() && !r.mispays {
		return false, nil
	}
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return false, err
	}
	for _, hold := range h.holds {
		if hold.payment == said.Payment && hold.arrived && !hold.closed && !hold.contradiction {
			return true, nil
		}
	}
	return false, nil
}

// proveCredit checks a credit that is made because something else became known,
// such as whose address it is: the money was reported before, as much as this.
func (p *prover) proveCredit(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	switch who, ok := h.backs(said.Payment, said.Amount.text()); {
	case !ok:
		p.note(e, "it has no evidence, and no event before it in its stream has brought %s for this payment", orNone(said.Amount.text()))
	case said.User == "" || said.User != h.owner && (h.owner != "" || !slices.Contains(who, said.User)):
		p.note(e, "it has no evidence, and user is not the one that the stream is registered for")
	case e.Stream.Category() != "address" && h.terms == nil:
		p.note(e, "it has no evidence, and only a callback makes it") // a registration credits what has waited for it
	}
	found, err := p.checkTerms(ctx, e, said, true)
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return err
}

// claimed is the event that says which stream decides about a payment. It comes
// before what is made of the body, and so before the body is kept.
const claimed = "PaymentClaimed"

// proveClaim proves a claim as far as it can be: it stands where its payment says.
func (p *prover) proveClaim(e *eventstore.Recorded, x *proof) {
	switch {
	case string(e.Stream) != claimOf(x.said.Payment):
		p.note(e, "the stream is not that of the payment")
	case !x.hasEvidence && isCallback(x.actor):
		p.note(e, "it has no evidence, although a callback caused it")
	}
	if hash := hashOf(p.seed, string(e.Stream)); p.owners.share.covers(hash) {
		p.owners.put(hash, hashOf(p.seed, x.said.Owner))
	}
}

// claimOf returns the stream in which a payment is claimed.
func claimOf(payment string) string {
	sum := sha256.Sum256([]byte(payment))
	return "claim-" + hex.EncodeToString(sum[:])
}

// checkCloses checks that an event takes out of suspense what the holds that it
// closes have put there, and that a credit closes all such holds of its payment.
func (p *prover) checkCloses(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	if len(said.Closes) == 0 && !p.hasHolds(e) {
		return nil
	}
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	named := make(map[string]bool, len(said.Closes))
	for _, c := range said.Closes {
		hold := h.holds[c.Hold]
		switch {
		case hold == nil:
			p.note(e, "it closes a hold that its stream does not have before it")
		case named[c.Hold]:
			p.note(e, "it closes a hold twice")
		case ruleOfEvent(e).closesAll() && hold.payment != said.Payment:
			p.note(e, "it closes a hold that belongs to another payment")
		case hold.closed:
			p.note(e, "it closes a hold that was closed before")
		case c.Fee.text() != hold.fee():
			p.note(e, "it takes a fee of %s back for a hold that has posted %s", orNone(c.Fee.text()), orNone(hold.fee()))
		case hold.posted() != c.Amount.text():
			p.note(e, "it takes %s out of suspense for a hold that has put %s there", orNone(c.Amount.text()), orNone(hold.posted()))
		}
		named[c.Hold] = true
	}
	if !ruleOfEvent(e).closesAll() {
		return nil
	}
	for id, hold := range h.holds {
		if hold.payment == said.Payment && hold.arrived && !hold.closed && !hold.contradiction && !named[id] {
			p.note(e, "it does not close a hold of its payment, which has put %s into suspense", orNone(hold.amount))
		}
	}
	return nil
}
