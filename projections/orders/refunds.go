package orders

import (
	"cmp"
	"slices"
	"time"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/review"
)

// Refund is money of the order that a person wants to send back, or that was sent back.
type Refund struct {
	ID         string             `json:"id"`            // as it was decided; of one that the provider alone has reported, its identity
	Item       string             `json:"item,omitzero"` // that it is of; left out of a refund of the order's payment
	Payment    ident.Payment      `json:"payment,omitzero"`
	Amount     money.Amount       `json:"amount"`
	Status     order.IntentStatus `json:"status"`
	Failed     bool               `json:"failed"` // as the provider has reported; it is open all the same
	By         string             `json:"by,omitzero"`
	Note       string             `json:"note,omitzero"`
	SentBy     string             `json:"sent_by,omitzero"`   // who sent it elsewhere
	Reference  string             `json:"reference,omitzero"` // of what was sent elsewhere
	Report     ident.Payment      `json:"report,omitzero"`    // identity of the provider's refund
	Hash       string             `json:"hash,omitzero"`      // of the transaction that sends it back
	SentAt     time.Time          `json:"sent_at,omitzero"`
	RecordedAt time.Time          `json:"recorded_at"` // when it was decided, else reported as sent
}

// intend adds a refund that a person has decided, and takes out the item that it is of.
func (o *Order) intend(e order.RefundDecided) {
	o.Refunds = append(slices.Clip(o.Refunds), Refund{
		ID: e.Refund, Item: e.Item, Payment: e.Payment, Amount: e.Amount, Status: order.RefundOpen,
		By: e.By, Note: e.Note, RecordedAt: o.RecordedAt,
	})
	if e.Item == "" {
		return
	}
	asked := review.Asked{Decision: review.Refund, Note: e.Note}
	d := o.decide(review.Decision{ID: e.Refund, Item: e.Item, Payment: e.Payment, Round: e.Round, By: e.By, Asked: asked}, "", &e.Amount)
	if i := o.mispayment(e.Payment); i >= 0 && o.Mispayments[i].Mispayment == e.Item {
		o.decideMispayment(d, e.Payment, Mispayment{Status: MispaymentRefunding})
	}
}

func (o *Order) withdraw(e order.RefundWithdrawn) error {
	o.changeRefund(e.Refund, func(r *Refund) { r.Status = order.RefundCancelled })
	if e.Item == "" {
		return nil
	}
	return o.reverse(e.Refund, Reversed{By: e.By})
}

// reportRefund puts what the provider says of a refund that is open.
func (o *Order) reportRefund(e order.RefundReported) {
	if e.Intent != "" {
		o.changeRefund(e.Intent, func(r *Refund) { r.Failed = e.Status == "FAILED" })
	}
}

// sendBack puts money that was sent back. Of a payment that is credited, those who had it
// gave it; what else was held is refunded as a whole.
func (o *Order) sendBack(e order.PaymentRefunded) error {
	id := cmp.Or(e.Refund, string(e.Report))
	if !o.changeRefund(e.Refund, func(r *Refund) { r.send(e.Report, e.Hash, e.OccurredAt); r.SentBy, r.Reference = e.By, e.Reference }) {
		sent := Refund{ID: id, Item: e.Item, Payment: e.Payment, Amount: e.Amount, RecordedAt: o.RecordedAt}
		sent.send(e.Report, e.Hash, e.OccurredAt)
		o.Refunds = append(slices.Clip(o.Refunds), sent)
	}
	held := o.settled(e.Item)
	if isKnown, err := o.giveBack(id, e.Payment, e.Amount, e.From, e.OccurredAt); isKnown || err != nil || held == nil {
		return err
	}
	p := Payment{Payment: e.Payment, User: held.User, Amount: e.Amount, Status: PaymentRefunded, OccurredAt: held.OccurredAt}
	if held.Amount != nil {
		p.Amount = *held.Amount
	}
	o.pay(p)
	return nil
}

func (r *Refund) send(report ident.Payment, hash string, at time.Time) {
	r.Status, r.Failed, r.Report, r.Hash, r.SentAt = order.RefundSent, false, report, hash, at
}

// giveBack puts on a payment or a mispayment what was sent back of it.
func (o *Order) giveBack(id string, identity ident.Payment, amount money.Amount, from []review.Line, at time.Time) (isKnown bool, err error) {
	if i := o.payment(identity); i >= 0 && o.Payments[i].isPosted() {
		o.Payments = slices.Clone(o.Payments)
		p := &o.Payments[i]
		p.Adjustments = append(slices.Clip(p.Adjustments), o.adjustments(id, from, at)...)
		return true, nil
	}
	i := o.mispayment(identity)
	if i < 0 {
		return false, nil
	}
	o.Mispayments = slices.Clone(o.Mispayments)
	return true, o.Mispayments[i].giveBack(amount, o.mispaymentStatus(o.Mispayments[i]))
}

// giveBack adds what was sent back. The status before is that of what has something left.
func (m *Mispayment) giveBack(amount money.Amount, before MispaymentStatus) error {
	var back money.Amount
	if m.Refunded != nil {
		back = *m.Refunded
	}
	back, err := back.Add(amount)
	if err != nil {
		return err
	}
	m.Refunded, m.Status = &back, before
	switch {
	case back.Sign() == 0:
		m.Refunded = nil
	case back == m.Amount:
		m.Status = MispaymentRefunded
	}
	return nil
}

// adjustments are what those who had a payment gave.
func (o *Order) adjustments(id string, from []review.Line, at time.Time) []Adjustment {
	var all []Adjustment
	for _, l := range from {
		user, _ := ledger.Account(l.Account).User()
		all = append(all, Adjustment{Type: AdjustmentRefunded, ID: id, User: user, Amount: l.Amount.Neg(), OccurredAt: at, RecordedAt: o.RecordedAt})
	}
	return all
}

// holdRefund adds a report of a refund that waits for a person.
func (o *Order) holdRefund(e order.RefundHeld) {
	o.Holds = append(slices.Clip(o.Holds), Hold{
		Hold: e.Hold, Payment: e.Payment, Amount: e.Amount, Reason: e.Reason, Refund: true, Posted: e.Posted,
		OccurredAt: e.OccurredAt, RecordedAt: o.RecordedAt,
	})
	if e.Posted {
		o.changeRefund(e.Refund, func(r *Refund) {
			if r.Status != order.RefundSent {
				r.send(e.Report, e.Hash, e.OccurredAt)
			}
		})
	}
}

// charge puts a held refund that a person has taken from the payment, and from a user.
func (o *Order) charge(e order.RefundCharged) error {
	d := o.decide(e.Decision, e.User, &e.Amount)
	if d.Within = e.Within; e.Within == nil {
		return nil
	}
	_, err := o.giveBack(e.ID, e.Payment, *e.Within, e.From, time.Time{})
	return err
}

// uncharge takes off what a decision has taken from the payment.
func (o *Order) uncharge(d *Decision) error {
	if d.Within == nil {
		return nil
	}
	o.Payments = slices.Clone(o.Payments)
	for i := range o.Payments {
		p := &o.Payments[i]
		left := slices.DeleteFunc(slices.Clone(p.Adjustments), func(a Adjustment) bool { return a.ID == d.ID })
		if len(left) == len(p.Adjustments) {
			continue
		}
		if p.Adjustments = left; p.Status == PaymentRefunded {
			p.Status = o.postedStatus(*p)
		}
		return nil
	}
	if i := o.mispayment(d.Payment); i >= 0 {
		o.Mispayments = slices.Clone(o.Mispayments)
		return o.Mispayments[i].giveBack(d.Within.Neg(), o.mispaymentStatus(o.Mispayments[i]))
	}
	return nil
}

// isRefunding reports whether a held report is to be sent back, and was not yet.
func (o *Order) isRefunding() bool {
	return slices.ContainsFunc(o.Refunds, func(r Refund) bool {
		isMispayment := slices.ContainsFunc(o.Mispayments, func(m Mispayment) bool { return m.Mispayment == r.Item })
		return r.Status == order.RefundOpen && r.Item != "" && !isMispayment
	})
}

// changeRefund changes the refund of an id, and reports whether there is one.
func (o *Order) changeRefund(id string, change func(*Refund)) bool {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ID == id && id != "" })
	if i < 0 {
		return false
	}
	o.Refunds = slices.Clone(o.Refunds)
	change(&o.Refunds[i])
	return true
}

// settled returns the hold of an item that money was sent back of, which is taken out if
// it is open; nil if the item is none.
func (o *Order) settled(item string) *Hold {
	if item == "" {
		return nil
	}
	if taken := o.takeHolds(item); len(taken) > 0 {
		return &taken[0]
	}
	for i := len(o.Decisions) - 1; i >= 0; i-- {
		if d := &o.Decisions[i]; d.Item == item && d.Replaces != nil {
			return d.about()
		}
	}
	return nil
}
