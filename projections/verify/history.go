package verify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// history is what the events of one stream have said so far, as far as a later
// one may rest on it.
type history struct {
	next     eventstore.Revision
	owner    string           // registered for
	payments map[string]known // received, by identity
	holds    map[string]*heldBefore
	terms    *terms // registered; nil if none are
	settled  string // payment that pays it, of an order of the website

	reference string // that a payment names
	paid      string // payment that was credited first
	paidBy    string // the decision that credited it; empty if none did

	undo     map[string]undone // by the id of the decision
	reviewed *reviewed         // nil until a decision is proved
}

// known is a payment that was received: the first event says of whom and how
// much.
type known struct {
	user, amount string
	pending      string     // for the user
	sale         *soldFacts // of a payout
	verified     bool       // credited, or in suspense as a mispayment
	refuted      bool
	owner        string    // whom a decision has credited
	given        *Transfer // and with what

	// Of a provider that shows transfers.
	transfer *Transfer
	needs    []string
	answered bool // put on hold by the provider's answer
	feeKnown bool // by an event of its own
}

// heldBefore is a hold of an earlier event.
type heldBefore struct {
	payment, user, amount  string
	arrived, contradiction bool
	closed                 bool
	transfer               *Transfer
	occurredAt             time.Time
	evidence               string
}

// posted is what the hold has put into suspense.
func (h *heldBefore) posted() string {
	if h.arrived {
		return h.amount
	}
	return ""
}

// maxStories bounds the payments and holds that are remembered, and maxStreams
// the streams, twice each: those of late and those before them.
const (
	maxStories = 1 << 15
	maxStreams = 1 << 13
)

// histories remembers what the streams of late have said. The events of nearly
// all streams are close together; an older stream is read again, which is
// expensive.
type histories struct {
	log           eventstore.Reader
	recent, older map[eventstore.StreamName]*history
	stories       int // of recent
}

func newHistories(log eventstore.Reader) histories {
	return histories{log: log, recent: make(map[eventstore.StreamName]*history)}
}

// get returns the history of a stream, nil if it is not remembered.
func (all *histories) get(stream eventstore.StreamName) *history {
	h := all.recent[stream]
	if h == nil {
		if h = all.older[stream]; h != nil {
			all.put(stream, h)
		}
	}
	return h
}

func (all *histories) put(stream eventstore.StreamName, h *history) {
	if len(all.recent) >= maxStreams || all.stories >= maxStories {
		all.older, all.recent = all.recent, make(map[eventstore.StreamName]*history)
		all.stories = 0
	}
	all.recent[stream] = h
	all.stories += len(h.payments) + len(h.holds)
}

// pass takes note of an event, after all that come before it.
func (all *histories) pass(e *eventstore.Recorded, said *data) {
	h := all.get(e.Stream)
	if h == nil && e.Revision == 0 {
		h = new(history)
		all.put(e.Stream, h)
	}
	if h != nil && h.next == e.Revision {
		all.stories += h.note(e.Type, said)
		h.next++
		if h.reviewed != nil {
			h.reviewed.put(e, said)
		}
	}
}

// before returns what a stream has said before a revision.
func (all *histories) before(ctx context.Context, stream eventstore.StreamName, revision eventstore.Revision) (*history, error) {
	h := all.get(stream)
	if h != nil && h.next == revision {
		return h, nil
	}
	h = &history{next: revision}
	for event, err := range all.log.Read(ctx, stream, 0) {
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", stream, err)
		}
		if event.Revision >= revision {
			break
		}
		var said data
		if json.Unmarshal(event.Data, &said) == nil { // else it is a difference of its own
			h.note(event.Type, &said)
		}
	}
	all.put(stream, h)
	return h, nil
}

// note takes note of an event, and returns by how much there is more.
func (h *history) note(eventType string, said *data) (more int) {
	before := len(h.payments) + len(h.holds)
	h.take(eventType, said)
	return len(h.payments) + len(h.holds) - before
}

func (h *history) take(eventType string, said *data) {
	switch eventType {
	case "AddressRegistered":
		h.owner = said.User
	case "OrderRegistered", "OrderLinked":
		h.owner = said.User
		if said.Amount != nil {
			h.terms = &terms{price: *said.Amount, isSale: said.For == "sale", purpose: said.For, expires: said.ExpiresAt, site: said.Site}
		}
	case "OrderSettled":
		h.settled = said.Payment
	case "FeeReported":
		h.change(said.Payment, func(k *known) { k.feeKnown = true })
	case "PaymentReceived":
		h.receive(said)
		h.refer(said)
		if !said.Sale && said.User != "" {
			h.change(said.Payment, func(k *known) { k.pending = said.Amount.text() })
		}
	case "DepositReceived", "PayoutPending", "PayoutCompleted":
		h.receive(said)
	case "PaymentMispaid":
		h.receive(said)
		h.settle(said.Payment)
	case "PaymentVerified", "DepositVerified":
		h.pay(eventType, said)
		h.receive(said)
		h.settle(said.Payment)
	case "PaymentRefuted":
		h.change(said.Payment, func(k *known) { k.refuted, k.pending = true, "" })
	case "PaymentHeld", "DepositHeld", "PayoutHeld":
		if h.holds == nil {
			h.holds = make(map[string]*heldBefore)
		}
		h.holds[said.Hold] = &heldBefore{
			payment: said.Payment, user: said.User, amount: said.Amount.text(),
			arrived: said.Arrived.is, contradiction: said.Contradiction, transfer: said.Transfer.texts(), occurredAt: said.OccurredAt,
			evidence: evidenceText(said.Evidence),
		}
		h.refer(said)
		if said.Transfer != nil && !said.Contradiction {
			h.change(said.Payment, func(k *known) { k.answered, k.pending = true, "" })
		}
	default:
		h.takeDecision(eventType, said)
	}
	for _, c := range said.Closes {
		h.close(c.Hold)
	}
}

func (h *history) receive(said *data) {
	if h.payments == nil {
		h.payments = make(map[string]known)
	}
	if _, again := h.payments[said.Payment]; !again {
		k := known{user: said.User, amount: said.Amount.text(), sale: said.Facts}
		if said.Transfer != nil {
			k.user, k.amount, k.transfer, k.needs = "", said.Transfer.Amount.text(), said.Transfer.texts(), said.Needs
		}
		h.payments[said.Payment] = k
		return
	}
	if said.Transfer != nil {
		h.change(said.Payment, func(k *known) { k.transfer = said.Transfer.texts() })
	}
}

// refer notes the website's own name for the order.
func (h *history) refer(said *data) {
	if h.reference != "" {
		return
	}
	switch {
	case said.Details.Reference != "":
		h.reference = said.Details.Reference
	case said.Reference != "":
		h.reference = said.Reference
	case said.Transfer == nil && said.Hold == "":
		h.reference = said.User
	}
}

// pay notes the payment that is credited first of an order.
func (h *history) pay(eventType string, said *data) {
	switch {
	case h.paid != "":
	case eventType == "PaymentReleased" && (!isOwn(said.Payment) || h.terms != nil && h.terms.isSale):
	case eventType == "PaymentVerified", eventType == "PaymentReleased", eventType == "OrderCompleted":
		h.paid, h.paidBy = said.Payment, said.ID
	}
}

// isOwn reports whether a payment is an order's own: no mispayment, and no further transfer.
func isOwn(payment string) bool {
	parts := strings.Split(payment, "/")
	return len(parts) == 3 && parts[0] == "coinbase" && parts[1] == "order" || len(parts) == 2 && parts[0] == "checkout"
}

// change changes a payment that was received.
func (h *history) change(payment string, change func(*known)) {
	if received, known := h.payments[payment]; known {
		change(&received)
		h.payments[payment] = received
	}
}

// settle closes the holds that a credit of their payment answers.
func (h *history) settle(payment string) {
	h.change(payment, func(k *known) { k.verified, k.pending = true, "" })
	for _, hold := range h.holds {
		if hold.payment == payment && !hold.contradiction {
			hold.closed = true
		}
	}
}

func (h *history) close(id string) {
	if hold := h.holds[id]; hold != nil {
		hold.closed = true
	}
}
