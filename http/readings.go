package httpapi

import (
	"cmp"
	"time"

	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
)

// readings are the two that an item is about, where one contradicts the other.
type readings struct {
	Reported side `json:"reported"` // that the item holds
	Standing side `json:"standing"` // that is known and stands, or that the provider answers
}

// side is what one side says of a payment.
type side struct {
	Status     string            `json:"status"`
	User       string            `json:"user,omitzero"`
	Amount     *money.Amount     `json:"amount,omitzero"`
	Transfer   *payment.Transfer `json:"transfer,omitzero"`
	Payout     *payout.Facts     `json:"payout,omitzero"`
	Reference  string            `json:"reference,omitzero"` // of a refund that was sent elsewhere, or the hash of a reported one
	OccurredAt time.Time         `json:"occurred_at,omitzero"`
}

// The statuses of readings.
const (
	readReport       = "reported"   // as a callback says
	readRegistration = "registered" // as the website has registered the order
	readProvider     = "provider"   // as the provider's API answers
	readCredited     = "credited"   // and stands so
	readPending      = "pending"    // announced, and neither verified nor refuted
	readRefuted      = "refuted"    // the provider says that it does not exist
	readSuspense     = "suspense"   // arrived, and given to no one
	readDismissed    = "dismissed"  // by a person
	readSent         = "sent"       // a refund, as a person says
	readNothing      = "nothing"    // stands: what stood was taken back
	readAnnounced    = "announced"  // a payout
	readCompleted    = "completed"  // a payout
	readUnreadable   = "unreadable" // a payout whose figures cannot be read
)

// readings returns both sides of an item that contradicts something; nil of any other.
func (s story) readings(i *storyItem) *readings {
	switch e := i.opened.(type) {
	case order.PaymentHeld:
		return s.orderReadings(e)
	case order.RefundHeld:
		return s.refundReadings(e)
	case deposit.DepositHeld:
		if !e.Contradiction {
			return nil
		}
		p := s.deposit.Payments.Of(string(e.Payment))
		return &readings{
			Reported: side{Status: readReport, User: cmp.Or(e.User, s.deposit.User), Amount: e.Amount, OccurredAt: e.OccurredAt},
			Standing: standingOf(p, s.deposit.User),
		}
	case payout.PayoutHeld:
		return s.payoutReadings(e)
	}
	return nil
}

func (s story) orderReadings(e order.PaymentHeld) *readings {
	reported := side{Status: readReport, User: e.User, Amount: e.Amount, Transfer: e.Transfer, OccurredAt: e.OccurredAt}
	switch {
	case e.Registration:
		reported.Status = readRegistration
	case e.Reported != nil:
		answered := reported
		answered.Status = readProvider
		reported.Transfer, reported.Amount = e.Reported, e.Reported.Amount.Optional()
		return &readings{Reported: reported, Standing: answered}
	case !e.Contradiction:
		return nil
	}
	return &readings{Reported: reported, Standing: standingOf(s.order.Payments.Of(string(e.Payment)), s.order.Terms.User)}
}

// refundReadings compares a report with the refund that a person says was sent.
func (s story) refundReadings(e order.RefundHeld) *readings {
	intent := s.order.Intent(e.Refund)
	if e.Refund == "" || intent == nil {
		return nil
	}
	standing := side{Status: string(intent.Status), Amount: &intent.Amount}
	if d := intent.Done; d != nil {
		standing.Status, standing.Reference, standing.OccurredAt = readSent, cmp.Or(d.Reference, d.Hash), d.OccurredAt
	}
	return &readings{
		Reported: side{Status: readReport, Amount: e.Amount, Reference: e.Hash, OccurredAt: e.OccurredAt},
		Standing: standing,
	}
}

func (s story) payoutReadings(e payout.PayoutHeld) *readings {
	if !s.payout.Known {
		return nil
	}
	reported := side{Status: readUnreadable, OccurredAt: e.OccurredAt}
	if e.Facts != nil {
		reported.Status, reported.Payout, reported.Amount = readReport, e.Facts, &e.Facts.Total
	}
	standing := side{Status: readAnnounced, Payout: &s.payout.Facts, Amount: &s.payout.Facts.Total}
	if s.payout.Completed {
		standing.Status = readCompleted
	}
	return &readings{Reported: reported, Standing: standing}
}

// standingOf returns what stands of a payment. Of one that was registered it is the
// registered user's, unless a person decided otherwise.
func standingOf(p payment.Standing, registered string) side {
	r := side{Status: readNothing, User: cmp.Or(p.Owner, p.User, registered), Transfer: p.Transfer}
	amount, isKnown := p.Known()
	if p.Owner != "" {
		amount = p.Credited
	}
	if !isKnown {
		return side{Status: readNothing}
	}
	r.Amount = amount.Optional()
	switch {
	case p.Verified:
		r.Status = readCredited
	case p.Refuted:
		r.Status = readRefuted
	case p.Received:
		r.Status = readPending
	default:
		r.Status = readSuspense
		for _, h := range p.Holds {
			if h.Arrived {
				r.User, r.Transfer = h.User, h.Transfer
				if h.Closed {
					r.Status = readDismissed
				}
			}
		}
	}
	return r
}
