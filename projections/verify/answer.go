package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"daybook/eventstore"
)

// proveAnswer checks an event that a provider's answer made. The answer itself is in the
// event, so what is proved is that a payment waited for it and that the event follows
// from it.
func (p *prover) proveAnswer(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	var found differences
	k := h.payments[said.Payment]
	if k.transfer == nil || !slices.Contains(k.needs, byAPI) || k.verified || k.refuted || k.answered {
		found.add("no payment before it in its stream waits for an answer")
		p.note(e, "%s", strings.Join(found, "; "))
		return nil
	}
	if len(said.Evidence) != 1 || said.Evidence[0].Method != byAPI {
		found.add("its evidence is no answer of the provider")
		p.note(e, "%s", strings.Join(found, "; "))
		return nil
	}
	shown, is := said.Evidence[0].Transfer.texts(), said.Transfer.texts()
	if came, decides := decisive[said.Evidence[0].Status]; said.Reason != unverified && (!decides || came == (e.Type == "PaymentRefuted")) {
		found.add("the status that the provider has answered means something else")
	}
	switch {
	case e.Type == "PaymentRefuted":
		found.text("received", said.Received.text(), k.pending)
		found.private("user", said.User, h.owner)
		found.text("amount", said.Amount.text(), k.transfer.Amount)
		if *is != *k.transfer || shown != nil {
			found.add("transfer is not the one that was reported")
		}
	case e.Type == "PaymentHeld":
		found = append(found, compareAnswerHeld(e, said, h, &k, shown)...)
	case shown == nil || !k.transfer.agrees(shown):
		found.add("the provider does not show what was reported")
	default:
		if *is != shown.merged(k.transfer) {
			found.add("transfer is not the one that the provider shows")
		}
		made := h.counted(said.Payment, said.Transfer)
		if made.reason, err = p.bySite(ctx, e, h, said.Payment, made.reason); err != nil {
			return err
		}
		found = append(found, p.compareMade(e, said, made, k.pending)...)
	}
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return nil
}

// decisive are the statuses that settle a payment, and whether its money came.
var decisive = map[string]bool{"COMPLETED": true, "PARTIALLY_REFUNDED": true, "REFUNDED": true, "FAILED": false, "EXPIRED": false}

// underWay are the statuses of a payment that is not settled; empty if there was none.
var underWay = []string{"", "ACTIVE", "PROCESSING", "DEACTIVATED"}

// compareAnswerHeld compares why an answer is held.
func compareAnswerHeld(e *eventstore.Recorded, said *statement, h *history, k *known, shown *Transfer) (found differences) {
	if said.Hold != e.ID.String() || said.Contradiction || said.Registration {
		found.add("hold is not the event's id, or it is called a contradiction, or a registration's")
	}
	found.text("received", said.Received.text(), k.pending)
	found.private("user", said.User, h.owner)
	found.text("amount", said.Amount.text(), said.Transfer.Amount.text())
	if said.Arrived.is != (said.Reason == unregistered || said.Reason == providerDisagrees) {
		found.add("arrived is %v, and the reason is %.40q", said.Arrived.is, said.Reason)
	}
	is := said.Transfer.texts()
	reported, reference := said.Reported.texts(), ""
	if (reported != nil) != (said.Reason == providerDisagrees) || reported != nil && *reported != *k.transfer {
		found.add("reported is not what was reported")
	}
	var follows bool
	switch said.Reason {
	case unverified:
		follows = shown == nil && *is == *k.transfer && slices.Contains(underWay, said.Evidence[0].Status)
	case providerDisagrees:
		follows = shown != nil && !k.transfer.agrees(shown) && *is == *shown
	case unregistered:
		reference = h.reference
		follows = shown != nil && h.terms == nil && k.transfer.agrees(shown) && *is == shown.merged(k.transfer)
	case takenTransaction:
		follows = shown != nil && is.Hash != ""
	}
	found.private("reference", said.Reference, reference)
	if !follows {
		found.add("reason is %.40q, which does not follow from the answer", said.Reason)
	}
	return found
}

// proveWaited checks a credit or a mispayment of what a hold has put into suspense, when
// its order was registered.
func (p *prover) proveWaited(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	var found differences
	if h.terms == nil {
		found.add("it has no evidence, and only a callback makes it")
	}
	is, backed := said.Transfer.texts(), false
	for _, hold := range h.holds {
		isThis := hold.payment == said.Payment && hold.arrived && hold.transfer != nil && *hold.transfer == *is
		backed = backed || isThis && (e.Type == "PaymentReceived" || hold.evidence == evidenceText(said.Evidence))
	}
	if !backed {
		found.add("no hold before it in its stream has put this transfer into suspense on this evidence")
	}
	made := h.counted(said.Payment, said.Transfer)
	if e.Type == "PaymentReceived" {
		found.private("user", said.User, made.user)
		found.text("amount", said.Amount.text(), made.amount)
		if said.Sale != (made.price != "") {
			found.add("sale is %v, and the terms of its order say otherwise", said.Sale)
		}
	} else {
		if made.reason, err = p.bySite(ctx, e, h, said.Payment, made.reason); err != nil {
			return err
		}
		found = append(found, p.compareMade(e, said, made, h.payments[said.Payment].pending)...)
	}
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return nil
}

// proveSettled checks that a payment settles a registered order of the website that no
// other has settled.
func (p *prover) proveSettled(ctx context.Context, e *eventstore.Recorded, x *proof) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(string(e.Stream), "order-site."):
		p.note(e, "only an order of the website is settled")
	case h.terms == nil, x.said.Payment == "":
		p.note(e, "no order is registered in its stream before it")
	case h.settled != "":
		p.note(e, "the order was settled before")
	case !x.hasEvidence && isCallback(x.actor):
		p.note(e, "it has no evidence, although a callback caused it")
	}
	p.earlier.pass(e, &x.said.data)
	return nil
}

// proveLinked checks a link that a process made to the order that the stream names.
func (p *prover) proveLinked(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	return p.checkLink(ctx, e, said, h, h.reference)
}

// proveLinkedBy checks a link to the order that the kept body names.
func (p *prover) proveLinkedBy(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	return p.checkLink(ctx, e, said, h, p.append.reading.reference())
}

// reference returns the website's own name for the order that a body is about.
func (r *Reading) reference() (reference string) {
	for _, c := range r.Claims {
		if c.Kind == Paid {
			reference = c.Details.Reference
		}
	}
	return reference
}

// isOfLink reports whether a contradiction has the terms of the order of the website that
// the kept body names, as the other reading.
func (p *prover) isOfLink(ctx context.Context, e *eventstore.Recorded, said *statement) (bool, error) {
	reference := p.append.reading.reference()
	if reference == "" || !said.Registration {
		return false, nil
	}
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil || h.terms != nil || h.paid == "" || h.paid != said.Payment {
		return false, err
	}
	site, err := p.earlier.before(ctx, eventstore.StreamName("order-site."+encodeName(reference)), maxRevision)
	if err != nil || site.terms == nil {
		return false, err
	}
	return site.owner == said.User && site.terms.price.text() == said.Amount.text(), nil
}

// checkLink checks that a link copies the terms of the order that is named.
func (p *prover) checkLink(ctx context.Context, e *eventstore.Recorded, said *statement, h *history, reference string) error {
	if h.terms != nil {
		p.note(e, "its order had terms before")
	}
	if reference == "" || said.Site != "site."+encodeName(reference) {
		p.note(e, "site is not the order that its payment names")
		return nil
	}
	site, err := p.earlier.before(ctx, eventstore.StreamName("order-"+said.Site), maxRevision)
	if err != nil {
		return err
	}
	t := site.terms
	if t == nil || site.owner != said.User || t.price.text() != said.Amount.text() || t.purpose != said.For || !t.expires.Equal(said.ExpiresAt) {
		p.note(e, "its terms are not those of the order that it names")
	}
	return nil
}

// maxRevision stands for the end of a stream, which is read again.
const maxRevision = 1 << 62

// evidenceText writes evidence as it is compared.
func evidenceText(all []statedEvidence) (text string) {
	for _, is := range all {
		text += is.Method + " " + is.Status + "\n"
		if shown := is.Transfer.texts(); shown != nil {
			text += fmt.Sprintf("%q\n", *shown)
		}
	}
	return text
}
