package order

import (
	"cmp"
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// DecideItem is the command of a person to decide about an item.
type DecideItem struct {
	review.Decide
	Claims
}

// DecideReview returns the events of a person's decision, none if it repeats one.
func DecideReview(s State, c DecideItem) ([]Event, error) {
	i, known := s.Items[c.Item]
	switch {
	case !known:
		return nil, review.ErrNoItem
	case c.Book == nil:
		return nil, review.Unposted{}
	}
	if isRepetition, err := i.Check(c.Round, c.Asked); isRepetition || err != nil {
		return nil, err
	}
	if i.refund == nil && s.hasOpenRefund(i.identity(), c.Item) {
		return nil, review.ErrRefundOpen
	}
	d := decision{state: s.Clone(), command: Report{EventID: c.EventID, Claims: c.Claims}}
	if err := d.decide(c, i); err != nil {
		return nil, err
	}
	d.settleRefunds()
	return d.decided()
}

// decide adds the event of a decision.
func (d *decision) decide(c DecideItem, i Item) error {
	if i.refund != nil {
		return d.decideHeldRefund(c, i)
	}
	switch c.Asked.Decision {
	case review.Credit:
		return d.release(c, i)
	case review.Complete:
		return d.complete(c, i)
	case review.Refund:
		return d.intend(c, i)
	case review.Dismiss:
		return d.dismiss(c, i)
	}
	return review.Impossible("%s is no decision about a payment", c.Asked.Decision)
}

// about begins the event of a decision. One that gives the payment to somebody takes all
// that stands posted of it back.
func (d *decision) about(c DecideItem, i Item, takes bool) review.Decision {
	made := c.Decision(len(d.events), i.identity())
	if takes {
		made.Takes = d.command.Book.Of(i.posted(c.Item))
	}
	return made
}

// reading is what an item says of its payment, completed by the person who decides.
type reading struct {
	user     string
	amount   money.Amount // in the currency that was received
	counts   money.Amount // by the terms of the order
	transfer *payment.Transfer
}

// read returns what a decision to give the payment to somebody is about.
func (d *decision) read(c DecideItem, i Item) (r reading, err error) {
	standing := d.state.Payments.Of(i.key())
	if err := i.unanswered(standing); err != nil {
		return r, err
	}
	switch {
	case i.mispaid != nil:
		r = reading{user: i.mispaid.User, amount: i.mispaid.Amount, transfer: i.mispaid.Transfer}
	case i.held.Registration:
		r = reading{user: i.held.User, amount: standing.Amount, transfer: standing.Transfer}
	default:
		r = reading{user: i.held.User, amount: deref(i.held.Amount), transfer: i.held.Transfer}
	}
	if r.amount, err = c.Asked.AmountOf(&r.amount); err != nil {
		return r, err
	}
	if c.Asked.Times != nil || c.Asked.Arrived != nil {
		return r, review.Impossible("times and arrived say nothing of a %s of it", c.Asked.Decision)
	}
	r.user = cmp.Or(c.Asked.User, r.user, d.state.Terms.User)
	if r.transfer != nil {
		t := *r.transfer
		if t.Fee.IsZero() {
			t.Fee = standing.Fee
		}
		r.transfer = &t
	}
	r.counts = r.amount
	if i.mispaid == nil && r.transfer != nil {
		r.counts = d.counts(i, *r.transfer)
	}
	return r, d.claim(i, standing, r.transfer)
}

// unanswered reports that a payment waits for its provider's answer: what comes of it may
// not be decided before.
func (i Item) unanswered(standing payment.Standing) error {
	if i.held != nil && standing.Received && !standing.Verified && !standing.Refuted && !standing.Answered {
		return review.Impossible("its provider has not answered about it yet")
	}
	return nil
}

// unposted checks what a person says of money that nothing in the books shows: that it is
// not under way, went back before, or belongs to another order.
func (d *decision) unposted(i Item, standing payment.Standing) error {
	if err := i.unanswered(standing); err != nil {
		return err
	}
	if standing.Refunded.Sign() != 0 {
		return review.Impossible("%s of it were sent back", standing.Refunded)
	}
	if i.held == nil {
		return nil
	}
	return d.claim(i, standing, i.held.Transfer)
}

// counts returns for how much a transfer counts: in the currency that is registered, if
// it was quoted so.
func (d *decision) counts(i Item, t payment.Transfer) money.Amount {
	terms := d.state.Terms
	if i.held.Registration {
		terms.Amount = deref(i.held.Amount)
	}
	if !d.state.Registered && !i.held.Registration {
		return t.Amount
	}
	return terms.counts(t)
}

// claim asks for what the payment rests on in other streams: its transaction, or the id
// of a mispayment.
func (d *decision) claim(i Item, standing payment.Standing, t *payment.Transfer) error {
	var identity ident.Payment
	switch {
	case i.held == nil || i.held.Payment == "":
		return nil
	case t != nil:
		if posted := standing.Posted(); posted == nil || posted.Hash != t.Hash {
			identity = t.Transaction()
		}
	case isMispayment(i.held.Payment) && !standing.Verified:
		identity = i.held.Payment
	}
	if identity == "" {
		return nil
	}
	if d.command.Transaction != identity {
		d.lack(Unclaimed{identity})
	}
	if d.command.Taken {
		return review.Impossible("another order has the same money")
	}
	return nil
}

// refunded returns with what a new holder of a payment is charged: what had been sent back
// before. The holder has amount of it.
func (d *decision) refunded(i Item, received, amount money.Amount) (*review.Refunded, error) {
	back := d.state.Payments.Of(i.key()).Refunded
	if back.Sign() == 0 {
		return nil, nil
	}
	rest, err := received.Sub(back)
	if err != nil || rest.Sign() < 0 {
		return nil, review.Impossible("%s of it were sent back, which is more than came by this decision", back)
	}
	share, err := amount.Portion(back, received)
	if err != nil {
		return nil, err
	}
	return &review.Refunded{Amount: back, Share: share}, nil
}

// release credits the payment of an item to a user.
func (d *decision) release(c DecideItem, i Item) error {
	r, err := d.read(c, i)
	if err != nil {
		return err
	}
	if r.user == "" {
		return review.Missing("a user to credit")
	}
	if err := ident.Check(r.user); err != nil {
		return review.Missing("a usable user: %v", err)
	}
	made := d.about(c, i, true)
	made.Closes = d.state.openBeside(c.Item)
	refunded, err := d.refunded(i, r.amount, r.counts)
	if err != nil {
		return err
	}
	if i.mispaid != nil {
		d.add(MispaymentCredited{Decision: made, User: r.user, Amount: r.amount, Transfer: r.transfer, Refunded: refunded})
		return nil
	}
	d.add(PaymentReleased{
		Decision: made, User: r.user, Amount: r.counts, Transfer: r.transfer, Contradiction: i.held.Contradiction, Refunded: refunded,
	})
	return nil
}

// isMispayment reports whether a payment is known by the id of a mispayment, which does
// not say whose order it belongs to.
func isMispayment(identity ident.Payment) bool {
	_, kind, _ := strings.Cut(string(identity), "/")
	return strings.HasPrefix(kind, "mispayment/")
}
