package verify

import (
	"context"
	"slices"
	"time"

	"daybook/eventstore"
)

// compareHeld compares why something is held, and whether the money has arrived.
func (p *prover) compareHeld(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	if said.Hold != e.ID.String() {
		found.add("hold is not the event's id")
	}
	if said.Registration {
		found.add("a callback registers nothing")
	}
	if said.Payment == "" {
		found.private("digest", said.Digest, c.Digest)
	}
	if said.Contradiction != (said.Reason == contradiction) {
		found.add("contradiction and reason disagree")
	}
	if want := !said.Contradiction && !c.Unproven && c.Amount != ""; said.Arrived.is != want && !(p.append.isRedriven && !said.Arrived.is) {
		found.add("arrived is %v, and follows from the kept body as %v", said.Arrived.is, want)
	}
	switch {
	case said.Contradiction:
		return p.checkContradiction(ctx, e, said, c, found)
	case said.Payment != c.Payment:
		if said.Reason != anotherOutput {
			found.text("reason", said.Reason, anotherOutput)
		}
		// The first output is known with another amount.
		return p.checkEarlier(ctx, e, reported{payment: c.Payment, amount: c.Amount}, found)
	}
	_, registered, err := p.owner(ctx, e)
	if err != nil {
		return nil, err
	}
	var reasons []string
	switch {
	case p.append.isRedriven && c.Problem == "" && c.Kind != Mispaid:
		reasons = []string{redriven, c.NoUser}
	case c.Problem != "":
		reasons = []string{c.Problem}
	case c.Kind == Mispaid:
		reasons = []string{elsewhere}
	case registered:
	case c.Kind == Paid:
		reasons = []string{c.NoUser, unregistered}
	default:
		reasons = []string{c.NoUser}
	}
	reference := ""
	if said.Reason == unregistered && c.Kind == Paid {
		reference = c.User
	}
	found.private("reference", said.Reference, reference)
	if !slices.Contains(reasons, said.Reason) || said.Reason == "" || said.Reason == unregistered && said.User != "" {
		found.add("reason is %.40q, which does not follow from the kept body", said.Reason)
	}
	return found, nil
}

// checkContradiction checks that what a hold calls a contradiction is one. Whom
// the report names is what the hold says, for a policy may not take the body's
// word; compareUser has compared it.
func (p *prover) checkContradiction(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim, found differences) (differences, error) {
	_, registered, err := p.owner(ctx, e)
	if err != nil {
		return nil, err
	}
	return p.checkEarlier(ctx, e, reported{
		payment: said.Payment, user: said.User, amount: c.Amount,
		unusable: c.Kind == Paid && c.Problem == "" && c.NoUser == unusableUser && !registered,
		credits:  c.Problem == "" && c.AtOnce,
		isOutput: c.Kind == Deposited && c.Amount != "",
	}, found)
}

// checkEarlier checks that something is known of a payment from which a report
// differs.
func (p *prover) checkEarlier(ctx context.Context, e *eventstore.Recorded, r reported, found differences) (differences, error) {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err == nil && !h.contradicts(r) {
		found.add("nothing before it in its stream says otherwise of the payment")
	}
	return found, err
}

// checkOtherFacts checks that a payout was reported with other facts.
func (p *prover) checkOtherFacts(ctx context.Context, e *eventstore.Recorded, said *statement, found differences) (differences, error) {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err == nil {
		if first := h.payments[said.Payment].sale; first == nil || first.agrees(said.Facts) {
			found.add("nothing before it in its stream says otherwise of the payout")
		}
	}
	return found, err
}

// compareSeenAgain compares a report that cannot be told from an earlier one.
func (p *prover) compareSeenAgain(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	found.private("digest", said.Digest, c.Digest)
	received, err := time.Parse(time.RFC3339Nano, p.append.received)
	if err != nil || !said.ReceivedAt.Truncate(time.Microsecond).Equal(received) {
		found.add("receivedAt is not the one of the evidence")
	}
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err == nil && h.holds[said.Hold] == nil {
		found.add("its stream has no such hold before it")
	}
	return found, err
}
