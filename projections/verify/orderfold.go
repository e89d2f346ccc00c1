package verify

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"daybook/eventstore"
)

func newOrder(id string) *orderState {
	return &orderState{
		ID: id, Payments: []*payment{}, Mispayments: []*mispayment{}, Holds: []hold{}, Words: []string{},
	}
}

// apply puts an event of the order's stream on it.
func (o *orderState) apply(event *eventstore.Recorded, said *data) error {
	o.Revision, o.Changed, o.RecordedAt, o.dirty = event.Revision, event.Position, event.RecordedAt, true
	if !said.OccurredAt.IsZero() {
		o.OccurredAt = said.OccurredAt
	}
	if err := o.put(event.Type, said); err != nil {
		return fmt.Errorf("event %s in %s at position %s: %w", event.ID, event.Stream, event.Position, err)
	}
	o.Status = o.word()
	return nil
}

func (o *orderState) put(eventType string, said *data) error {
	if said.Amount == nil && eventType != "OrderRegistered" && eventType != "PaymentHeld" && rules["order"][eventType].moves() {
		return fmt.Errorf("%w: there is none", errAmount)
	}
	switch eventType {
	case "OrderRegistered":
		o.Registered, o.User, o.Amount = true, said.User, said.Amount
	case "OrderStatusReported":
		if !slices.Contains(o.Words, said.Status) {
			o.Words = append(o.Words, said.Status)
		}
	case "OrderExpired":
		o.Expired = true
	case "PaymentReceived":
		o.report(said, "pending")
	case "PaymentRefuted":
		o.report(said, "refuted")
	case "PaymentVerified":
		o.report(said, "verified")
		o.answer(said)
	case "PaymentHeld":
		o.Holds = append(o.Holds, hold{
			said.Hold, said.Payment, said.User, said.Amount, said.Reason, said.Arrived, said.Contradiction, said.OccurredAt, o.RecordedAt,
		})
	case "PaymentReleased":
		o.release(said)
	case "PaymentMispaid":
		o.mispaid(said, said.User, "open")
		o.answer(said)
	case "MispaymentCredited":
		o.mispaid(said, said.User, "credited")
	case "MispaymentRefunded":
		o.mispaid(said, "", "refunded")
	case "MispaymentDismissed":
		o.mispaid(said, "", "dismissed")
	case "PaymentRefunded":
		o.refund(said)
	default:
		return fmt.Errorf("%w: %s", ErrUnknownEvent, eventType)
	}
	return o.markRefunded()
}

// report takes over what an event says of a payment. Nothing but a refund
// takes a credit back, and the first report keeps its times.
func (o *orderState) report(said *data, status string) *payment {
	if !o.Registered && o.User == "" {
		o.User, o.Amount = said.User, said.Amount
	}
	next := payment{said.Payment, said.User, *said.Amount, status, said.OccurredAt, o.RecordedAt, nil}
	known := o.find(said.Payment)
	switch {
	case known == nil:
		known = new(payment)
		o.Payments = append(o.Payments, known)
	case known.isCredited() && !next.isCredited():
		return known
	default:
		next.RecordedAt, next.Adjustments = known.RecordedAt, known.Adjustments
		if !known.OccurredAt.IsZero() {
			next.OccurredAt = known.OccurredAt
		}
	}
	*known = next
	return known
}

// answer drops the holds that an arrival settles: those it names, and those of
// its payment that do not contradict it.
func (o *orderState) answer(said *data) {
	o.drop(func(h hold) bool {
		return h.Payment == said.Payment && !h.Contradiction ||
			slices.ContainsFunc(said.Closes, func(c closed) bool { return c.Hold == h.Hold })
	})
}

// release puts a person's decision to credit a hold: of a mispayment, as the
// correction of a credit, or as the credit.
func (o *orderState) release(said *data) {
	reason := ""
	for _, h := range o.Holds {
		if h.Hold == said.Hold {
			reason = h.Reason
		}
	}
	o.drop(func(h hold) bool {
		return h.Hold == said.Hold || slices.ContainsFunc(said.Closes, func(c closed) bool { return c.Hold == h.Hold })
	})
	known := o.find(said.Payment)
	switch {
	case reason == "mispayment-without-id", reason == "mispayment-without-amount", reason == "mispayment-missing", reason == "claimed-elsewhere":
		o.mispaid(said, said.User, "credited")
	case said.Contradiction && known != nil && known.isCredited():
		known.Adjustments = append(known.Adjustments, adjustment{"released", said.Hold, said.User, *said.Amount, said.OccurredAt, o.RecordedAt})
	default:
		o.report(said, "released")
	}
}

func (o *orderState) mispaid(said *data, user, status string) {
	next := mispayment{said.Payment, user, *said.Amount, status, said.OccurredAt, o.RecordedAt}
	known := o.findMispayment(said.Payment)
	if known == nil {
		o.Mispayments = append(o.Mispayments, &next)
		return
	}
	next.RecordedAt = known.RecordedAt
	if !known.OccurredAt.IsZero() {
		next.OccurredAt = known.OccurredAt
	}
	if user == "" {
		next.User = known.User
	}
	*known = next
}

// refund adjusts a payment. One of which nothing is known was credited.
func (o *orderState) refund(said *data) {
	p := o.find(said.Payment)
	if p == nil {
		p = o.report(said, "verified")
		p.OccurredAt = time.Time{} // nothing says when it was credited
	}
	p.Adjustments = append(p.Adjustments, adjustment{"refunded", said.Refund, said.User, said.Amount.negated(), said.OccurredAt, o.RecordedAt})
}

// markRefunded gives the status refunded to credited payments of which
// refunds have left nothing in any currency.
func (o *orderState) markRefunded() error {
	for _, p := range o.Payments {
		isRefund := func(a adjustment) bool { return a.Type == "refunded" }
		if !p.isCredited() || p.Status == "refunded" || !slices.ContainsFunc(p.Adjustments, isRefund) {
			continue
		}
		left := make(map[string]*big.Int)
		amounts := []amount{p.Amount}
		for _, a := range p.Adjustments {
			amounts = append(amounts, a.Amount)
		}
		for _, a := range amounts {
			var u units
			if err := u.parse(a); err != nil {
				return err
			}
			if left[a.Currency] == nil {
				left[a.Currency] = new(big.Int)
			}
			left[a.Currency].Add(left[a.Currency], &u.n)
		}
		something := false
		for _, n := range left {
			something = something || n.Sign() > 0
		}
		if !something {
			p.Status = "refunded"
		}
	}
	return nil
}

// negated returns the amount with the other sign; nothing has none.
func (a amount) negated() amount {
	text, negative := strings.CutPrefix(a.Amount, "-")
	if !negative && strings.Trim(text, "0.") != "" {
		text = "-" + text
	}
	return amount{a.Currency, text}
}
