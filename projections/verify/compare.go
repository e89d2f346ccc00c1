package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook/eventstore"
)

// Words of events, of holds and of quarantine.
const (
	quarantined   = "CallbackQuarantined"
	tooLarge      = "too-large"
	tooMany       = "too-many"
	contradiction = "contradiction"
	unregistered  = "unregistered"
	elsewhere     = "claimed-elsewhere"
	anotherOutput = "another-output"
	redriven      = "redriven"
	unreadableSum = "unreadable-amount"
	unknownStatus = "unknown-status"
	unusableUser  = "unusable-user"
)

// differences are what an event says otherwise than it must.
type differences []string

func (d *differences) add(format string, arguments ...any) {
	*d = append(*d, fmt.Sprintf(format, arguments...))
}

// text compares a text that may be shown.
func (d *differences) text(name, is, want string) {
	if is != want {
		d.add("%s is %s, the kept body says %s", name, orNone(is), orNone(want))
	}
}

// private compares a text that is not shown.
func (d *differences) private(name, is, want string) {
	if is != want {
		d.add("%s is not the one in the kept body", name)
	}
}

func (d *differences) time(name string, is, want time.Time) {
	if !is.Equal(want) {
		d.add("%s is not the one in the kept body", name)
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return fmt.Sprintf("%.80q", text)
}

// compare holds an event against what the body says that it is made of.
func (p *prover) compare(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	r := p.append.reading
	if e.Type == quarantined {
		return p.compareQuarantined(ctx, e, said)
	}
	if p.append.isLinked {
		if waited, err := p.hasWaited(ctx, e, said); waited || err != nil {
			if err == nil {
				err = p.proveMoved(ctx, e, said)
			}
			return err
		}
	}
	if e.Type == "PaymentHeld" && said.Contradiction {
		if isOfLink, err := p.isOfLink(ctx, e, said); isOfLink || err != nil {
			if err == nil {
				err = p.proveOtherTerms(ctx, e, said)
			}
			return err
		}
	}
	var found differences
	kinds := ruleOfEvent(e).kinds()
	switch {
	case r.Refused != "":
		found.add("no event of a payment can come from the kept body: %s", r.Refused)
	case string(e.Stream) != r.Stream:
		found.add("the kept body is about another stream")
	case e.Type == "OrderStatusReported":
		found.text("status", said.Status, r.Status)
		found.time("occurredAt", said.OccurredAt, r.OccurredAt)
		if r.Status == "" || p.append.isTold {
			found.add("the kept body reports no such status")
		}
		p.append.isTold = true
	case e.Type == "OrderLinked":
		p.append.isLinked = true
		return p.proveLinkedBy(ctx, e, said)
	case len(kinds) == 0:
		found.add("no callback makes such an event")
	default:
		var err error
		if found, err = p.compareClaims(ctx, e, said, kinds); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return nil
}

// compareClaims compares an event with the claim that it was made of: of those
// that it can be, the one it differs from least.
func (p *prover) compareClaims(ctx context.Context, e *eventstore.Recorded, said *statement, kinds []Kind) (differences, error) {
	var least differences
	best := -1
	for i := range p.append.reading.Claims {
		c := &p.append.reading.Claims[i]
		if !slices.Contains(kinds, c.Kind) || said.Payment != c.Payment && !(e.Type == "DepositHeld" && isOutput(said, c)) && !isAnotherTransfer(e, said, c) {
			continue
		}
		found, err := p.compareClaim(ctx, e, said, c)
		if err != nil {
			return nil, err
		}
		if before := p.append.made[i]; before != "" && !(ruleOfEvent(e).isCredit() && ruleOfType(e.Stream.Category(), before).isReceipt()) {
			found.add("the kept body's report of this payment has its event, %s", before)
		}
		if best < 0 || len(found) < len(least) {
			best, least = i, found
		}
		if len(found) == 0 {
			break
		}
	}
	if best < 0 {
		return differences{fmt.Sprintf("the kept body reports no such event of payment %s", orNone(said.Payment))}, nil
	}
	p.append.made[best] = e.Type
	return least, nil
}

// isOutput reports whether a deposit is another output of the transaction that a
// claim is about: the amount tells it from the first.
func isOutput(said *statement, c *Claim) bool {
	decimal, _, _ := strings.Cut(c.Amount, " ")
	return c.Payment != "" && decimal != "" && said.Payment == c.Payment+"/"+decimal
}

// compareClaim says in what an event differs from a claim.
func (p *prover) compareClaim(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	switch {
	case c.Kind == Refunded:
		return p.compareRefund(ctx, e, said, c)
	case c.Transfer != nil:
		return p.compareTransfer(ctx, e, said, c)
	case c.Kind == Sold:
		return p.compareSale(ctx, e, said, c)
	}
	if e.Type == "DepositSeenAgain" {
		return p.compareSeenAgain(ctx, e, said, c)
	}
	found.text("amount", said.Amount.text(), c.Amount)
	found.time("occurredAt", said.OccurredAt, c.OccurredAt)
	user, err := p.compareUser(ctx, e, said, c)
	if err != nil {
		return nil, err
	}
	found = append(found, user...)
	switch e.Type {
	case "PaymentHeld", "DepositHeld":
		held, err := p.compareHeld(ctx, e, said, c)
		return append(found, held...), err
	case "PaymentMispaid":
		if said.Mispayment != e.ID.String() {
			found.add("mispayment is not the event's id")
		}
	case "PaymentReceived":
		found.compareDetails(said, c)
	case "PaymentVerified", "DepositVerified":
		if !slices.Contains(said.Evidence, statedEvidence{Method: c.Method, Status: c.Said}) {
			found.add("evidence is not what the kept body says")
		}
	}
	byTerms, err := p.checkTerms(ctx, e, said, c.Kind == Paid)
	if err != nil {
		return nil, err
	}
	found = append(found, byTerms...)
	if p.append.isRedriven && (ruleOfEvent(e).isCredit() || ruleOfEvent(e).isReceipt() && c.AtOnce) {
		found.add("a body that was read again credits nothing by itself")
	}
	if c.Problem != "" {
		found.add("the kept body does not credit anybody: %s", c.Problem)
	}
	if said.Hold != "" || said.Reason != "" && e.Type != "PaymentMispaid" {
		found.add("it says why it is held, and is no hold")
	}
	return found, nil
}

func (d *differences) compareDetails(said *statement, c *Claim) {
	want := c.Details
	if want.Reference == said.User {
		want.Reference = ""
	}
	s := said.Details
	if (Details{s.Reference, s.UUID, s.Bitcoin.text(), s.TransactionHash, s.ReceiveAddress, s.Object}) != want {
		d.add("details are not those in the kept body")
	}
}

// compareUser compares the user with whom the stream is registered for, else with
// whom the body names.
func (p *prover) compareUser(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	isHeld := e.Type == "PaymentHeld"
	if isHeld && c.Kind == Mispaid {
		found.private("user", said.User, "") // a person finds out
		return found, nil
	}
	owner, registered, err := p.owner(ctx, e)
	switch {
	case err != nil:
		return nil, err
	case registered && hashOf(p.seed, said.User) != owner:
		found.add("user is not the one that the stream is registered for")
	case registered, said.User == c.User:
		if said.User == "" && (ruleOfEvent(e).isCredit() || ruleOfEvent(e).isReceipt()) {
			found.add("there is no user")
		}
	case isHeld && said.User == "":
		// Of orders that are not registered, a policy may not take the body's word.
	case e.Type == "PaymentVerified" && c.User == "":
		h, err := p.earlier.before(ctx, e.Stream, e.Revision)
		if err != nil {
			return nil, err
		}
		if h.payments[said.Payment].user != said.User {
			found.add("user is neither in the kept body nor in an earlier event")
		}
	default:
		found.add("user is not the one in the kept body")
	}
	return found, nil
}
