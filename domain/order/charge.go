package order

import (
	"cmp"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/review"
)

// decideHeldRefund decides about a held refund.
func (d *decision) decideHeldRefund(c DecideItem, i Item) error {
	if c.Asked.Times != nil || c.Asked.Arrived != nil {
		return review.Impossible("times and arrived say nothing of a refund")
	}
	switch c.Asked.Decision {
	case review.Dismiss:
		if c.Asked.User != "" || c.Asked.Amount != nil {
			return review.Impossible("a dismissal has no user and no amount")
		}
		dismissed := RefundDismissed{Decision: d.about(c, i, i.refund.Posted)}
		if i.refund.Posted {
			dismissed.Amount = i.refund.Amount
		}
		d.add(dismissed)
		return nil
	case review.Charge:
		return d.charge(c, i)
	}
	return review.Impossible("a refund is charged or dismissed")
}

// charge takes a refund from the payment, if it turns out to be one of its own, and what
// the payment does not have from a user.
func (d *decision) charge(c DecideItem, i Item) error {
	amount, err := c.Asked.AmountOf(i.refund.Amount)
	if err != nil {
		return err
	}
	charged := RefundCharged{Decision: d.about(c, i, i.refund.Posted), Amount: amount}
	rest := amount
	if !i.refund.Posted {
		key := string(i.refund.Payment)
		if left := d.command.Book.Left(key); !left.IsZero() && left.Currency() == amount.Currency() {
			var part money.Amount
			if part, rest = split(amount, left); part.Sign() > 0 {
				charged.Within = &part
				if charged.From, err = d.givers(key, i.refund.Payment, part, left); err != nil {
					return err
				}
			}
		}
	}
	if rest.Sign() > 0 {
		standing := d.state.Payments.Of(string(i.refund.Payment))
		charged.Charged = &rest
		charged.User = cmp.Or(c.Asked.User, standing.Owner, d.state.Terms.User, standing.User)
		if err := ident.Check(charged.User); err != nil {
			return review.Missing("a user to charge")
		}
	}
	d.add(charged)
	return nil
}
