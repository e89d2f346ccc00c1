package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// The reasons of a mispayment by the terms of a registered order.
const (
	underpaid     = "underpaid"
	otherCurrency = "other-currency"
	second        = "second"
	late          = "late"
)

// terms are what is registered of an order.
type terms struct {
	price   amount
	isSale  bool
	purpose string // the word for that
	expires time.Time
	site    string // order of the website that they are of; empty if they are the order's own
}

// bySite completes why a payment does not pay its order: another one has settled the
// order of the website, before the event.
func (p *prover) bySite(ctx context.Context, e *eventstore.Recorded, h *history, payment, reason string) (string, error) {
	if reason != "" || h.terms == nil || h.terms.site == "" || e.Type == "PaymentReceived" {
		return reason, nil
	}
	stream := eventstore.StreamName("order-" + h.terms.site)
	for earlier, err := range p.log.Read(ctx, stream, 0) {
		if err != nil {
			return "", fmt.Errorf("look up %s: %w", stream, err)
		}
		var said data
		if earlier.Type != "OrderSettled" || earlier.Position > e.Position || json.Unmarshal(earlier.Data, &said) != nil {
			continue
		}
		if said.Payment != payment {
			return second, nil
		}
		return "", nil
	}
	return "not settled before", nil
}

// noTerms is the history of an order without terms.
var noTerms history

// mispays says why a payment does not pay the registered order; empty if it does,
// or if nothing is registered.
func (h *history) mispays(payment string, is *amount, paidAt time.Time) string {
	switch {
	case h.terms == nil || is == nil:
		return ""
	case h.paid != "" && h.paid != payment:
		return second
	case is.Currency != h.terms.price.Currency:
		return otherCurrency
	}
	var got, price units
	if got.parse(*is) == nil && price.parse(h.terms.price) == nil && got.n.Cmp(&price.n) < 0 {
		return underpaid
	}
	if !h.terms.expires.IsZero() && paidAt.After(h.terms.expires) {
		return late
	}
	return ""
}

// checkTerms checks that an event says of a payment what the terms of its order
// make of it. Ours is false of what the provider itself calls a mispayment.
func (p *prover) checkTerms(ctx context.Context, e *eventstore.Recorded, said *statement, ours bool) (found differences, err error) {
	switch e.Type {
	case "PaymentReceived", "PaymentVerified", "PaymentMispaid":
	default:
		return nil, nil
	}
	_, registered, err := p.owner(ctx, e)
	if err != nil {
		return nil, err
	}
	h := &noTerms
	if registered && ours {
		if h, err = p.earlier.before(ctx, e.Stream, e.Revision); err != nil {
			return nil, err
		}
	}
	reason, pending, price := h.mispays(said.Payment, said.Amount, said.OccurredAt), "", ""
	if reason, err = p.bySite(ctx, e, h, said.Payment, reason); err != nil {
		return nil, err
	}
	isSale := h.terms != nil && h.terms.isSale
	switch e.Type {
	case "PaymentMispaid":
		found.text("reason", said.Reason, reason)
		if ours && reason == "" {
			found.add("the payment meets the terms of its order")
		}
		pending = h.payments[said.Payment].pending
	case "PaymentVerified":
		if isSale {
			price, pending = h.terms.price.text(), h.payments[said.Payment].pending
		}
		fallthrough
	default:
		if reason != "" {
			found.add("the payment does not meet the terms of its order: %s", reason)
		}
	}
	if said.Sale != (isSale && e.Type == "PaymentReceived") {
		found.add("sale is %v, and the terms of its order say otherwise", said.Sale)
	}
	found.text("sold", said.Sold.text(), price)
	found.text("received", said.Received.text(), pending)
	return found, nil
}

// proveOtherTerms checks a hold that a registration makes: a credit stands that
// is not what the terms would have made of it.
func (p *prover) proveOtherTerms(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil {
		return err
	}
	if said.Reason != contradiction || !said.Registration || said.Arrived.is || said.Hold != e.ID.String() {
		p.note(e, "it has no evidence, and is no contradiction of a registration")
	}
	if h.terms != nil || said.Payment == "" || said.Payment != h.paid {
		p.note(e, "it has no evidence, and no credit stands before it that a registration can contradict")
	}
	return nil
}
