package orders

import (
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/review"
)

// pay puts what is known of a payment in the place of what was known of it.
func (o *Order) pay(p Payment) {
	p.RecordedAt = o.RecordedAt
	if !o.Registered && o.User == "" {
		o.User, o.Amount = p.User, p.Amount.Optional()
	}
	i := o.payment(p.Payment)
	if i < 0 {
		o.Payments = append(slices.Clip(o.Payments), p)
		return
	}
	known := o.Payments[i]
	if known.isPosted() && !p.isPosted() {
		return // only a refund takes money back
	}
	p.RecordedAt, p.Adjustments = known.RecordedAt, known.Adjustments
	if !known.OccurredAt.IsZero() {
		p.OccurredAt = known.OccurredAt
	}
	o.Payments = slices.Clone(o.Payments)
	o.Payments[i] = p
}

// unpend takes out a payment that is not pending any more, and was not credited.
func (o *Order) unpend(payment ident.Payment) {
	if i := o.payment(payment); i >= 0 && o.Payments[i].Status == PaymentPending {
		o.Payments = slices.Delete(slices.Clone(o.Payments), i, i+1)
	}
}

// payment returns the index of a payment, or -1.
func (o *Order) payment(payment ident.Payment) int {
	if payment == "" {
		return -1
	}
	return slices.IndexFunc(o.Payments, func(p Payment) bool { return p.Payment == payment })
}

// isPaidBy reports whether a payment that a person has credited pays the order: its own
// does, unless it was meant for a sale.
func (o *Order) isPaidBy(p Payment) bool {
	return p.Status == PaymentReleased && order.IsOwn(p.Payment) && o.For != order.ForSale
}

// isPosted reports whether money of the payment has come, whoever has it.
func (p Payment) isPosted() bool { return p.isCredited() || p.Status == PaymentDismissed }

func (p Payment) isCredited() bool {
	switch p.Status {
	case PaymentVerified, PaymentReleased, PaymentCompleted, PaymentRefunded:
		return true
	}
	return false
}

// postedStatus returns the status of a payment of which something is left.
func (o *Order) postedStatus(p Payment) PaymentStatus {
	i := slices.IndexFunc(o.Decisions, func(d Decision) bool { return d.ID == p.Decision })
	if i < 0 {
		return PaymentVerified
	}
	switch o.Decisions[i].Decision {
	case review.Complete:
		return PaymentCompleted
	case review.Dismiss:
		return PaymentDismissed
	}
	return PaymentReleased
}

// mispayment returns the index of a mispayment, or -1.
func (o *Order) mispayment(payment ident.Payment) int {
	if payment == "" {
		return -1
	}
	return slices.IndexFunc(o.Mispayments, func(m Mispayment) bool { return m.Payment == payment })
}

// mispaymentStatus returns the status of a mispayment of which something is left.
func (o *Order) mispaymentStatus(m Mispayment) MispaymentStatus {
	i := slices.IndexFunc(o.Decisions, func(d Decision) bool { return d.ID == m.Decision })
	if i < 0 {
		return MispaymentOpen
	}
	switch o.Decisions[i].Decision {
	case review.Credit:
		return MispaymentCredited
	case review.Complete:
		return MispaymentCompleted
	case review.Refund:
		return MispaymentRefunding
	}
	return MispaymentDismissed
}

// mispay puts what is known of a mispayment in the place of what was known.
func (o *Order) mispay(m Mispayment) {
	m.RecordedAt = o.RecordedAt
	i := o.mispayment(m.Payment)
	if i < 0 {
		o.Mispayments = append(slices.Clip(o.Mispayments), m)
		return
	}
	known := o.Mispayments[i]
	m.RecordedAt = known.RecordedAt
	if !known.OccurredAt.IsZero() {
		m.OccurredAt = known.OccurredAt
	}
	if m.User == "" {
		m.User = known.User
	}
	o.Mispayments = slices.Clone(o.Mispayments)
	o.Mispayments[i] = m
}

// takeHolds takes holds out of the list.
func (o *Order) takeHolds(ids ...string) (taken []Hold) {
	o.Holds = without(o.Holds, func(h Hold) bool {
		isTaken := slices.Contains(ids, h.Hold)
		if isTaken {
			taken = append(taken, h)
		}
		return isTaken
	})
	return taken
}

// settle takes out the holds that a credit of their payment answers. A
// contradiction stays: it says that the credit may be wrong.
func (o *Order) settle(payment ident.Payment) {
	o.Holds = without(o.Holds, func(h Hold) bool { return h.Payment == payment && !h.Contradiction && !h.Refund })
}

// without returns a copy of the holds without some of them.
func without(holds []Hold, remove func(Hold) bool) []Hold {
	return slices.DeleteFunc(slices.Clone(holds), remove)
}

// status derives the status of the payments, and of the order from them.
func (o *Order) status() (Status, error) {
	if err := o.refund(); err != nil {
		return "", err
	}
	has := func(status PaymentStatus) bool {
		return slices.ContainsFunc(o.Payments, func(p Payment) bool { return p.Status == status })
	}
	switch {
	case has(PaymentVerified), has(PaymentCompleted), slices.ContainsFunc(o.Payments, o.isPaidBy), o.SettledBy != "":
		return Paid, nil
	case has(PaymentRefunded):
		return Refunded, nil
	case len(o.Holds) > 0, o.isRefunding():
		return Held, nil
	case has(PaymentPending):
		return Pending, nil
	case len(o.Mispayments) > 0, has(PaymentReleased), has(PaymentDismissed):
		return Mispaid, nil
	case has(PaymentRefuted), o.isDismissed():
		return Refuted, nil
	case o.Expired:
		return Expired, nil
	case len(o.ReportedStatuses) > 0:
		return Reported, nil
	}
	return Registered, nil
}

// refund gives the status refunded to payments of which refunds have left nothing.
func (o *Order) refund() error {
	for i := range o.Payments {
		p := &o.Payments[i]
		if p.Status == PaymentRefunded || !p.isPosted() || len(p.Adjustments) == 0 {
			continue
		}
		left, err := p.isSomethingLeft()
		if err != nil {
			return err
		}
		if !left {
			o.Payments = slices.Clone(o.Payments)
			o.Payments[i].Status = PaymentRefunded
		}
	}
	return nil
}

func (p Payment) isSomethingLeft() (bool, error) {
	left := map[money.Currency]money.Amount{p.Amount.Currency(): p.Amount}
	for _, a := range p.Adjustments {
		sum, err := left[a.Amount.Currency()].Add(a.Amount)
		if err != nil {
			return false, err
		}
		left[a.Amount.Currency()] = sum
	}
	for _, amount := range left {
		if amount.Sign() > 0 {
			return true, nil
		}
	}
	return false, nil
}
