package orders

import (
	"slices"
	"time"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// Decision is what a person has decided about an item of the order.
type Decision struct {
	ID         string        `json:"id"` // of its event; of a refund, the refund's
	Item       string        `json:"item"`
	Decision   review.Verb   `json:"decision"`
	Payment    ident.Payment `json:"payment,omitzero"`
	User       string        `json:"user,omitzero"`   // credited or charged
	Amount     *money.Amount `json:"amount,omitzero"` // that it gives or takes; of a dismissal, what came
	Short      *money.Amount `json:"short,omitzero"`  // of a completion, what is missing of the price
	Within     *money.Amount `json:"within,omitzero"` // of a charge, what the payment itself had left
	Round      int           `json:"round"`           // how often the item was opened again before
	By         string        `json:"by"`
	Note       string        `json:"note"`
	RecordedAt time.Time     `json:"recorded_at"`
	Reversed   *Reversed     `json:"reversed,omitzero"` // undone, or its refund withdrawn
	Replaces   *Replaced     `json:"replaces,omitzero"` // left out when it is undone
}

// Reversed says who has undone a decision.
type Reversed struct {
	By         string    `json:"by"`
	Note       string    `json:"note,omitzero"` // left out of a refund that was withdrawn
	RecordedAt time.Time `json:"recorded_at"`
}

// Replaced is what a decision has replaced in the lists. Its reversal puts it back.
type Replaced struct {
	Payment    *Payment    `json:"payment,omitzero"`
	Mispayment *Mispayment `json:"mispayment,omitzero"`
	Holds      []Hold      `json:"holds,omitempty"`
	Order      *Named      `json:"order,omitzero"` // of an order that is not registered
}

// Named is whom an order is of, and how much.
type Named struct {
	User   string        `json:"user,omitzero"`
	Amount *money.Amount `json:"amount,omitzero"`
}

// decide adds a decision, and takes out the holds that it settles.
func (o *Order) decide(d review.Decision, user string, amount *money.Amount) *Decision {
	o.Decisions = append(slices.Clip(o.Decisions), Decision{
		ID: d.ID, Item: d.Item, Decision: d.Asked.Decision, Payment: d.Payment, User: user, Amount: amount,
		Round: d.Round, By: d.By, Note: d.Asked.Note, RecordedAt: o.RecordedAt,
		Replaces: &Replaced{Holds: o.takeHolds(append(slices.Clip(d.Closes), d.Item)...)},
	})
	return &o.Decisions[len(o.Decisions)-1]
}

// about returns the hold that a decision is about; nil if it is about a mispayment.
func (d *Decision) about() *Hold {
	i := slices.IndexFunc(d.Replaces.Holds, func(h Hold) bool { return h.Hold == d.Item })
	if i < 0 {
		return nil
	}
	return &d.Replaces.Holds[i]
}

// release puts a person's decision to credit a held report. One about a mispayment
// pays no order.
func (o *Order) release(e order.PaymentReleased) error {
	d := o.decide(e.Decision, e.User, &e.Amount)
	i := o.mispayment(e.Payment)
	about := d.about()
	isMispayment := about != nil && isAboutMispayment(about.Reason) || i >= 0 && o.Mispayments[i].Reason == ""
	if isMispayment || i >= 0 {
		o.decideMispayment(d, e.Payment, Mispayment{User: e.User, Amount: e.Amount, Status: MispaymentCredited})
	}
	if isMispayment {
		return nil
	}
	p := Payment{User: e.User, Amount: e.Amount, Status: PaymentReleased}
	holder := review.Line{Account: string(ledger.UserAccount(e.User)), Amount: e.Amount.Neg()}
	return o.decidePayment(d, p, e.Refunded, holder)
}

// complete puts a person's decision to take a payment for the sale.
func (o *Order) complete(e order.OrderCompleted) error {
	d := o.decide(e.Decision, e.User, &e.Amount)
	d.Short = e.Short
	if o.mispayment(e.Payment) >= 0 {
		o.decideMispayment(d, e.Payment, Mispayment{User: e.User, Status: MispaymentCompleted})
	}
	p := Payment{User: e.User, Amount: e.Amount, Status: PaymentCompleted}
	holders := []review.Line{{Account: string(ledger.Sales), Amount: e.Sold.Neg()}}
	if rest, err := e.Amount.Sub(e.Sold); err == nil && rest.Sign() > 0 {
		holders = append([]review.Line{{Account: string(ledger.UserAccount(e.User)), Amount: rest.Neg()}}, holders...)
	}
	return o.decidePayment(d, p, e.Refunded, holders...)
}

// dismiss puts a person's decision about a held report that credits nothing. Without
// an amount that came, the payment does not exist.
func (o *Order) dismiss(e order.PaymentDismissed) error {
	d := o.decide(e.Decision, "", e.Arrived)
	about := d.about()
	if about == nil || about.Contradiction {
		return nil // its payment is as it was reported first
	}
	if isAboutMispayment(about.Reason) {
		if e.Arrived != nil {
			o.decideMispayment(d, e.Payment, Mispayment{Amount: *e.Arrived, Status: MispaymentDismissed})
		}
		return nil
	}
	p := Payment{User: about.User, Status: PaymentDismissed}
	switch i := o.payment(e.Payment); {
	case e.Arrived != nil:
		p.Amount = *e.Arrived
	case i >= 0:
		p.Amount, p.Status = o.Payments[i].Amount, PaymentRefuted
	case about.Amount != nil:
		p.Amount, p.Status = *about.Amount, PaymentRefuted
	default:
		return nil // there is no amount to show
	}
	return o.decidePayment(d, p, e.Refunded, review.Line{Account: string(ledger.Unclaimed), Amount: p.Amount.Neg()})
}

// decidePayment puts a payment as a decision has it, with what its holders were charged
// for what had been sent back.
func (o *Order) decidePayment(d *Decision, p Payment, refunded *review.Refunded, holders ...review.Line) error {
	p.Payment, p.Decision, p.RecordedAt = d.Payment, d.ID, o.RecordedAt
	if about := d.about(); about != nil {
		p.OccurredAt, p.RecordedAt = about.OccurredAt, about.RecordedAt
	}
	if i := o.mispayment(d.Payment); i >= 0 {
		p.OccurredAt, p.RecordedAt = o.Mispayments[i].OccurredAt, o.Mispayments[i].RecordedAt
	}
	if refunded != nil {
		from, err := review.Share(holders, refunded.Share)
		if err != nil {
			return err
		}
		p.Adjustments = o.adjustments(d.ID, from, time.Time{})
	}
	i := o.payment(p.Payment)
	if i >= 0 {
		known := o.Payments[i]
		d.Replaces.Payment = &known
		p.OccurredAt, p.RecordedAt = known.OccurredAt, known.RecordedAt
	}
	isNamed := o.User != "" && (d.Replaces.Payment == nil || d.Replaces.Payment.User != o.User)
	if !o.Registered && !isNamed && p.isCredited() {
		d.Replaces.Order = &Named{o.User, o.Amount}
		o.User, o.Amount = p.User, p.Amount.Optional()
	}
	o.Payments = slices.Clone(o.Payments)
	if i < 0 {
		o.Payments = append(o.Payments, p)
		return nil
	}
	o.Payments[i] = p
	return nil
}

// decideMispayment puts a mispayment as a decision has it. What is left out stays.
func (o *Order) decideMispayment(d *Decision, identity ident.Payment, m Mispayment) {
	m.Payment, m.Decision, m.RecordedAt = identity, d.ID, o.RecordedAt
	i := o.mispayment(identity)
	o.Mispayments = slices.Clone(o.Mispayments)
	if i < 0 {
		o.Mispayments = append(o.Mispayments, m)
		return
	}
	known := o.Mispayments[i]
	d.Replaces.Mispayment = &known
	decided := known
	decided.Status, decided.Decision = m.Status, m.Decision
	if m.User != "" {
		decided.User = m.User
	}
	if !m.Amount.IsZero() {
		decided.Amount = m.Amount
	}
	o.Mispayments[i] = decided
}

// reverse undoes a decision.
func (o *Order) reverse(id string, by Reversed) error {
	i := slices.IndexFunc(o.Decisions, func(d Decision) bool { return d.ID == id })
	if i < 0 {
		return nil // of a history that no command makes
	}
	o.Decisions = slices.Clone(o.Decisions)
	d := &o.Decisions[i]
	by.RecordedAt = o.RecordedAt
	replaced := d.Replaces
	d.Reversed, d.Replaces = &by, nil
	if replaced != nil {
		o.putBack(id, *replaced)
	}
	return o.uncharge(d)
}

// putBack puts back what a decision has replaced. A payment that a rule has changed since
// stays.
func (o *Order) putBack(decision string, r Replaced) {
	if i := slices.IndexFunc(o.Payments, func(p Payment) bool { return p.Decision == decision }); i >= 0 {
		o.Payments = slices.Clone(o.Payments)
		if r.Payment != nil {
			o.Payments[i] = *r.Payment
		} else {
			o.Payments = slices.Delete(o.Payments, i, i+1)
		}
	}
	if i := slices.IndexFunc(o.Mispayments, func(m Mispayment) bool { return m.Decision == decision }); i >= 0 {
		o.Mispayments = slices.Clone(o.Mispayments)
		if r.Mispayment != nil {
			o.Mispayments[i] = *r.Mispayment
		} else {
			o.Mispayments = slices.Delete(o.Mispayments, i, i+1)
		}
	}
	if len(r.Holds) > 0 {
		o.Holds = append(slices.Clip(o.Holds), r.Holds...)
		slices.SortStableFunc(o.Holds, func(a, b Hold) int { return a.RecordedAt.Compare(b.RecordedAt) })
	}
	if r.Order == nil || o.Registered {
		return
	}
	o.User, o.Amount = r.Order.User, r.Order.Amount
	for _, p := range o.Payments {
		if o.User == "" && p.User != "" {
			o.User, o.Amount = p.User, p.Amount.Optional()
		}
	}
}

// isDismissed reports whether a dismissal stands.
func (o *Order) isDismissed() bool {
	return slices.ContainsFunc(o.Decisions, func(d Decision) bool { return d.Decision == review.Dismiss && d.Reversed == nil })
}

func isAboutMispayment(reason payment.Reason) bool {
	switch reason {
	case payment.MispaymentNoID, payment.MispaymentNoAmount, payment.MispaymentMissing, payment.ClaimedElsewhere:
		return true
	}
	return false
}
