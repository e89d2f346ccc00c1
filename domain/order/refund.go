package order

import (
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// DecideRefund is the command of a person to send back money of the order's payment.
type DecideRefund struct {
	Refund string // its id, by which it is known
	Amount money.Amount
	Note   string
	By     string
	Claims
}

// DecideIntent returns the event that reserves money for a refund, none if the same refund
// is decided.
func DecideIntent(s State, c DecideRefund) ([]Event, error) {
	if known := s.Intent(c.Refund); known != nil {
		if known.Item != "" || known.Amount != c.Amount || known.Note != c.Note {
			return nil, review.ErrDecided
		}
		return nil, nil
	}
	if _, isItem := s.Items[c.Refund]; isItem {
		return nil, review.Impossible("the id is that of an item; take another one for the refund")
	}
	if len(s.Intents) >= payment.Max {
		return nil, payment.ErrTooMany
	}
	switch {
	case s.Paid == "":
		return nil, review.Impossible("the order is not paid; refund its items in review")
	case c.Book == nil:
		return nil, review.Unposted{}
	}
	left := c.Book.Left(string(s.Paid))
	for _, i := range s.Intents {
		if i.Status == RefundOpen && i.Payment == s.Paid {
			left, _ = left.Sub(i.Amount)
		}
	}
	if err := within(c.Amount, left); err != nil {
		return nil, err
	}
	return []Event{RefundDecided{Refund: c.Refund, Payment: s.Paid, Amount: c.Amount, By: c.By, Note: c.Note}}, nil
}

// within checks that an amount can be sent back of what is left.
func within(amount, left money.Amount) error {
	switch {
	case left.IsZero():
		return review.Impossible("nothing is left of it")
	case amount.Currency() != left.Currency():
		return review.Missing("an amount in %s, the currency that was received", left.Currency())
	case amount.Sign() <= 0:
		return review.Missing("an amount of more than nothing")
	}
	if rest, err := left.Sub(amount); err != nil || rest.Sign() < 0 {
		return review.Impossible("%s are left of it", left)
	}
	return nil
}

// intend decides that the money of an item is sent back.
func (d *decision) intend(c DecideItem, i Item) error {
	if i.isContradiction() {
		return review.Impossible("the payment of a contradiction stands posted; refund its order")
	}
	if c.Asked.User != "" || c.Asked.Times != nil || c.Asked.Arrived != nil {
		return review.Impossible("a refund has no user, times or arrived")
	}
	standing := d.state.Payments.Of(i.key())
	amount := d.command.Book.Left(i.posted(c.Item))
	if amount.IsZero() {
		amount = i.amount()
		if err := d.unposted(i, standing); err != nil {
			return err
		}
	}
	amount, err := c.Asked.AmountOf(&amount)
	if err != nil {
		return err
	}
	d.add(RefundDecided{
		Refund: c.EventID(len(d.events)), Item: c.Item, Round: c.Round, Asked: &c.Asked, Payment: i.identity(), Amount: amount,
		By: c.By, Note: c.Asked.Note,
	})
	return nil
}

// amount returns what an item says of its amount; the zero value if it does not.
func (i Item) amount() money.Amount {
	if i.mispaid != nil {
		return i.mispaid.Amount
	}
	return deref(i.held.Amount)
}

// ConfirmRefund is the command of a person who has sent a refund elsewhere.
type ConfirmRefund struct {
	review.Confirm
	Claims
}

// DecideSent returns the events of a refund that a person has sent, none if it is known.
func DecideSent(s State, c ConfirmRefund) ([]Event, error) {
	i := s.Intent(c.Refund)
	switch {
	case i == nil:
		return nil, review.ErrNoItem
	case i.Status == RefundCancelled:
		return nil, review.Impossible("the refund was withdrawn")
	case i.Status == RefundSent && i.Done != nil && i.Done.Reference == c.Reference && i.Done.OccurredAt.Equal(c.SentAt) && i.Done.By != "":
		return nil, nil
	case i.Status == RefundSent:
		return nil, review.ErrRefundDone
	case c.Book == nil:
		return nil, review.Unposted{}
	}
	if s.Payments.Of(string(i.Payment)).Awaits() {
		return nil, review.Impossible("its provider has not answered about the payment yet")
	}
	if s.isReported(i.Payment, c.Reference) {
		return nil, review.Impossible("the provider's report of %q is recorded already; withdraw this refund, unless it is another", c.Reference)
	}
	d := decision{state: s.Clone(), command: Report{EventID: c.EventID, Claims: c.Claims}}
	err := d.sendBack(i.Payment, i.Amount, PaymentRefunded{Refund: i.Refund, Reference: c.Reference, By: c.By, OccurredAt: c.SentAt})
	if err != nil {
		return nil, err
	}
	return d.decided()
}

// DecideWithdraw returns the event that frees what a refund has reserved, none if it is
// withdrawn.
func DecideWithdraw(s State, c review.Withdraw) ([]Event, error) {
	i := s.Intent(c.Refund)
	switch {
	case i == nil:
		return nil, review.ErrNoItem
	case i.Status == RefundSent:
		return nil, review.ErrRefundDone
	case i.Status == RefundCancelled:
		return nil, nil
	}
	return []Event{RefundWithdrawn{Refund: i.Refund, Item: i.Item, Round: i.Round, Payment: i.Payment, Amount: i.Amount, By: c.By}}, nil
}
