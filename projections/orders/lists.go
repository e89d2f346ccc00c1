package orders

import (
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
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
	if known.isCredited() && !p.isCredited() {
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

// adjust adds an adjustment to a payment, which is put in if it is not known.
func (o *Order) adjust(p Payment, a Adjustment) {
	a.RecordedAt = o.RecordedAt
	if o.payment(p.Payment) < 0 {
		o.pay(p)
	}
	i := o.payment(p.Payment)
	if i < 0 {
		i = len(o.Payments) - 1 // without an identity it is always another one
	}
	o.Payments = slices.Clone(o.Payments)
	adjusted := &o.Payments[i]
	adjusted.Adjustments = append(slices.Clip(adjusted.Adjustments), a)
}

// payment returns the index of a payment, or -1.
func (o *Order) payment(payment ident.Payment) int {
	if payment == "" {
		return -1
	}
	return slices.IndexFunc(o.Payments, func(p Payment) bool { return p.Payment == payment })
}

func (o *Order) isCredited(payment ident.Payment) bool {
	i := o.payment(payment)
	return i >= 0 && o.Payments[i].isCredited()
}

func (p Payment) isCredited() bool {
	return p.Status == PaymentVerified || p.Status == PaymentReleased || p.Status == PaymentRefunded
}

// mispay puts what is known of a mispayment in the place of what was known.
func (o *Order) mispay(m Mispayment) {
	m.RecordedAt = o.RecordedAt
	i := slices.IndexFunc(o.Mispayments, func(known Mispayment) bool {
		return m.Payment != "" && known.Payment == m.Payment
	})
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

// close takes a hold out of the list.
func (o *Order) close(hold string) {
	o.Holds = without(o.Holds, func(h Hold) bool { return h.Hold == hold })
}

// settle takes out the holds that a credit of their payment answers. A
// contradiction stays: it says that the credit may be wrong.
func (o *Order) settle(payment ident.Payment) {
	o.Holds = without(o.Holds, func(h Hold) bool { return h.Payment == payment && !h.Contradiction })
}

// without returns a copy of the holds without some of them.
func without(holds []Hold, remove func(Hold) bool) []Hold {
	if !slices.ContainsFunc(holds, remove) {
		return holds
	}
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
	case has(PaymentVerified), has(PaymentReleased), o.SettledBy != "":
		return Paid, nil
	case has(PaymentRefunded):
		return Refunded, nil
	case len(o.Holds) > 0:
		return Held, nil
	case has(PaymentPending):
		return Pending, nil
	case len(o.Mispayments) > 0:
		return Mispaid, nil
	case has(PaymentRefuted):
		return Refuted, nil
	case o.Expired:
		return Expired, nil
	case len(o.ReportedStatuses) > 0:
		return Reported, nil
	}
	return Registered, nil
}

// refund gives the status refunded to credited payments of which refunds and
// released contradictions have left nothing.
func (o *Order) refund() error {
	for i := range o.Payments {
		p := &o.Payments[i]
		if p.Status == PaymentRefunded || !p.isCredited() || !p.wasRefunded() {
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

func (p Payment) wasRefunded() bool {
	return slices.ContainsFunc(p.Adjustments, func(a Adjustment) bool { return a.Type == AdjustmentRefunded })
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
