package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// reviewed is what people can decide, and have decided, in one stream, and what stands
// posted there.
type reviewed struct {
	items   map[string]*reviewItem
	intents []*intent
	reports map[string]*refundReport
	posted  postedLines
	backs   map[string]*sent  // by payment, or by item where that has none
	fees    map[string]string // by payment: those that were posted by themselves

	previous     string // type of the event before
	previousSaid data
	scratch      fact
}

// reviewItem is what waits, or has waited, for a person.
type reviewItem struct {
	id, opened string // id and type of the event that opened it
	said       data   // of that event
	round      int
	settled    string // by which decision; empty while it is open
	decision   string // that was made last
	charged    *data  // the last charge of a held refund
}

// byRule is what settles an item without a decision.
const byRule = "rule"

func (i *reviewItem) isRefund() bool        { return i.opened == "RefundHeld" }
func (i *reviewItem) isMispayment() bool    { return i.opened == "PaymentMispaid" }
func (i *reviewItem) isContradiction() bool { return i.said.Contradiction }

// hasStanding reports whether its own last decision stands.
func (i *reviewItem) hasStanding() bool { return i.settled != "" && i.settled == i.decision }

// key is under which the item's money is posted.
func (i *reviewItem) key() string {
	if i.isRefund() || i.said.Payment == "" {
		return i.id
	}
	return i.said.Payment
}

// back is under which is known what was sent back of the item's payment.
func (i *reviewItem) back() string {
	if i.said.Payment == "" {
		return i.id
	}
	return i.said.Payment
}

// review returns what people have decided in the stream of an event before it.
func (p *prover) review(ctx context.Context, e *eventstore.Recorded) (*history, *reviewed, error) {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil || h.reviewed != nil {
		return h, h.reviewed, err
	}
	r := newReviewed()
	for event, err := range p.log.Read(ctx, e.Stream, 0) {
		if err != nil {
			return nil, nil, fmt.Errorf("look up %s: %w", e.Stream, err)
		}
		if event.Revision >= e.Revision {
			break
		}
		var said data
		if json.Unmarshal(event.Data, &said) == nil { // else it is a difference of its own
			r.put(&event, &said)
		}
	}
	h.reviewed = r
	return h, r, nil
}

func newReviewed() *reviewed {
	return &reviewed{
		items: make(map[string]*reviewItem), reports: make(map[string]*refundReport), posted: newPostedLines(),
		backs: make(map[string]*sent), fees: make(map[string]string),
	}
}

// put takes note of an event.
func (r *reviewed) put(e *eventstore.Recorded, said *data) {
	switch e.Type {
	case "PaymentHeld", "DepositHeld", "PayoutHeld", "RefundHeld":
		r.items[said.Hold] = &reviewItem{id: said.Hold, opened: e.Type, said: *said}
		r.holdRefund(e.Type, said)
	case "PaymentMispaid":
		r.items[said.Mispayment] = &reviewItem{id: said.Mispayment, opened: e.Type, said: *said}
		r.settle(said, byRule)
	case "PaymentVerified", "DepositVerified":
		r.settle(said, byRule)
	case "DepositSeenAgain":
		if i := r.items[said.Hold]; i != nil && i.settled != "" {
			i.round++
			i.settled = ""
		}
	case "FeeReported":
		r.fees[said.Payment] = said.Fee.text()
	case "RefundReported":
		r.report(said)
	case "RefundDecided":
		r.intend(said)
	case "RefundWithdrawn":
		r.withdraw(said)
	case "PaymentRefunded", "DepositRefunded":
		r.refund(said)
	case "DecisionReversed":
		r.reverse(said)
	default:
		if ruleOfEvent(e).takes {
			r.decide(e, said)
		}
	}
	r.enter(e, said)
	r.previous, r.previousSaid = e.Type, *said
}

// settle closes the items that an event names.
func (r *reviewed) settle(said *data, by string) {
	for _, c := range said.Closes {
		if i := r.items[c.Hold]; i != nil {
			i.settled = by
		}
	}
}

func (r *reviewed) decide(e *eventstore.Recorded, said *data) {
	r.settle(said, said.ID)
	i := r.items[said.Item]
	if i == nil {
		return
	}
	i.decision, i.settled = said.ID, said.ID
	switch e.Type {
	case "RefundCharged":
		i.charged = said
		r.charge(said, 1)
	case "RefundDismissed":
		r.match(i, true)
	default:
		if back := r.backs[i.back()]; back != nil && ruleOfEvent(e).credits {
			back.give(said)
		}
	}
}

// reverse undoes a decision.
func (r *reviewed) reverse(said *data) {
	for _, id := range said.Opens {
		if i := r.items[id]; i != nil {
			i.settled = ""
		}
	}
	i := r.items[said.Item]
	if i == nil {
		return
	}
	i.round++
	i.settled = ""
	if back := r.backs[i.back()]; back != nil {
		back.restore(said.Reverses)
	}
	if i.charged != nil && i.charged.ID == said.Reverses {
		r.charge(i.charged, -1)
	}
	r.match(i, false)
}

// enter posts an event, as far as it can be read.
func (r *reviewed) enter(e *eventstore.Recorded, said *data) {
	f := &r.scratch
	if f.read(*e); f.err != nil {
		return
	}
	key, decision := said.Payment, ""
	if ruleOfEvent(e).takes {
		decision = said.ID
	}
	item := r.items[said.Item]
	switch {
	case e.Type == "RefundHeld", key == "" && said.Hold != "":
		key = said.Hold
	case item != nil && item.isRefund(), key == "":
		key = said.Item
	}
	switch {
	case e.Type == "DecisionReversed":
		r.posted.undo(said.Reverses)
		return
	case e.Type == "FeeReported", ruleOfEvent(e).sendsBack, len(f.posting) == 0:
	default:
		r.posted.posters[key] = append(r.posted.posters[key], decision)
	}
	lines := slices.Clone(f.posting)
	if e.Type == "RefundCharged" && said.Within != nil {
		// What the payment gives is the payment's, and the rest the held refund's.
		at := len(lines) - f.within
		r.posted.enter(said.Payment, decision, lines[at:])
		r.posted.posters[said.Payment] = append(r.posted.posters[said.Payment], decision)
		lines = lines[:at]
	}
	r.posted.enter(key, decision, lines)
}

// openBeside returns the other open items of an item's payment, which a decision to give
// the payment to somebody settles.
func (r *reviewed) openBeside(i *reviewItem) (open []string) {
	for _, id := range slices.Sorted(maps.Keys(r.items)) {
		o := r.items[id]
		if o != i && o.settled == "" && !o.isRefund() && o.said.Payment == i.said.Payment && i.said.Payment != "" && !o.isContradiction() {
			open = append(open, id)
		}
	}
	return open
}

// closedBy returns the other items that a decision has closed.
func (r *reviewed) closedBy(decision string, i *reviewItem) (closed []string) {
	for _, id := range slices.Sorted(maps.Keys(r.items)) {
		if o := r.items[id]; o != i && o.settled == decision {
			closed = append(closed, id)
		}
	}
	return closed
}
