package order

import (
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// complete takes the payment of an item for the sale that its order is. What is missing
// is the website's loss; what is above the price is the user's.
func (d *decision) complete(c DecideItem, i Item) error {
	s := d.state
	switch {
	case !s.isSale():
		return review.Impossible("only an order that is registered for a sale can be completed")
	case s.Paid != "" && s.Paid != i.identity():
		return review.Impossible("the order is paid by %s", s.Paid)
	case i.identity() == "":
		return review.Impossible("the report names no payment; credit it")
	}
	r, err := d.read(c, i)
	if err != nil {
		return err
	}
	if c.Asked.User != "" {
		return review.Impossible("the user of a sale is the registered one")
	}
	if err := d.settleSite(i.identity()); err != nil {
		return err
	}
	made := d.about(c, i, true)
	made.Closes = s.openBeside(c.Item)
	completed := OrderCompleted{
		Decision: made, User: s.Terms.User, Amount: r.amount, Sold: s.Terms.Amount, Transfer: r.transfer,
	}
	if r.transfer != nil {
		completed.Amount = s.Terms.counts(*r.transfer)
	}
	if completed.Short, err = short(completed.Amount, s.Terms.Amount); err != nil {
		// Of another currency, the payment counts as the price, and both meet in its exchange.
		completed.Amount, completed.Short = s.Terms.Amount, nil
		if r.transfer == nil {
			completed.Transfer = &payment.Transfer{Amount: r.amount}
		}
	}
	if completed.Refunded, err = d.refunded(i, r.amount, completed.Amount); err != nil {
		return err
	}
	d.add(completed)
	return nil
}

// short returns what an amount lacks of a price; nil if nothing.
func short(amount, price money.Amount) (*money.Amount, error) {
	lacks, err := price.Sub(amount)
	if err != nil || lacks.Sign() <= 0 {
		return nil, err
	}
	return &lacks, nil
}

// settleSite checks that the payment settles the linked order of the website.
func (d *decision) settleSite(identity ident.Payment) error {
	if d.state.Site == "" {
		return nil
	}
	if d.command.Settles != identity {
		d.lack(Unsettled{d.state.Site, identity})
		return nil
	}
	if d.command.SettledElsewhere {
		return review.Impossible("another payment has settled order %s", d.state.Site)
	}
	return nil
}

// dismiss settles an item without a credit.
func (d *decision) dismiss(c DecideItem, i Item) error {
	if c.Asked.User != "" || c.Asked.Amount != nil || c.Asked.Times != nil {
		return review.Impossible("a dismissal has no user, amount or times; it may have arrived")
	}
	if i.isContradiction() {
		if c.Asked.Arrived != nil {
			return review.Impossible("the payment of a contradiction stands posted as it was reported first")
		}
		d.add(PaymentDismissed{Decision: d.about(c, i, false)})
		return nil
	}
	hasPosted := i.mispaid != nil || i.held.Arrived
	arrived, transfer, err := d.arrived(c, i, hasPosted)
	if err != nil {
		return err
	}
	if arrived != nil && !hasPosted {
		standing := d.state.Payments.Of(i.key())
		if err := i.unanswered(standing); err != nil {
			return err
		}
		if err := d.claim(i, standing, i.held.Transfer); err != nil {
			return err
		}
	}
	made := d.about(c, i, hasPosted || arrived != nil)
	if arrived != nil {
		made.Closes = d.state.openBeside(c.Item) // nothing is left to decide about the payment
	}
	if !hasPosted && len(made.Takes) > 0 {
		return review.Impossible("what came of this payment stands posted already; dismiss the item without arrived")
	}
	var refunded *review.Refunded
	if hasPosted || arrived != nil {
		if refunded, err = d.refunded(i, deref(arrived), deref(arrived)); err != nil {
			return err
		}
	}
	if i.mispaid != nil {
		d.add(MispaymentDismissed{Decision: made, Arrived: arrived, Transfer: transfer, Refunded: refunded})
		return nil
	}
	d.add(PaymentDismissed{Decision: made, Arrived: arrived, Transfer: transfer, Refunded: refunded})
	return nil
}

// arrived returns how much a person says has come: by default what the item has posted.
func (d *decision) arrived(c DecideItem, i Item, hasPosted bool) (*money.Amount, *payment.Transfer, error) {
	var amount money.Amount
	var transfer *payment.Transfer
	if i.mispaid != nil {
		amount, transfer = i.mispaid.Amount, i.mispaid.Transfer
	} else {
		amount, transfer = deref(i.held.Amount), i.held.Transfer
	}
	asked := c.Asked.Arrived
	switch {
	case asked == nil && !hasPosted:
		return nil, nil, nil
	case asked == nil || *asked == amount:
		if transfer != nil {
			t := *transfer
			if t.Fee.IsZero() {
				t.Fee = d.state.Payments.Of(i.key()).Fee
			}
			transfer = &t
		}
		return &amount, transfer, nil
	case asked.Sign() < 0 || !amount.IsZero() && asked.Currency() != amount.Currency():
		return nil, nil, review.Missing("arrived: an amount in %s of 0 or more", amount.Currency())
	case asked.Sign() == 0:
		return nil, nil, nil
	}
	return asked, nil, nil
}
