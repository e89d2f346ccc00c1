package deposit

import (
	"maps"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/review"
)

// Clone returns a state that Evolve changes apart from the receiver.
func (s State) Clone() State {
	s.Payments, s.Items = s.Payments.Clone(), maps.Clone(s.Items)
	return s
}

// DecideReview returns the event of a person's decision, none if it repeats one.
func DecideReview(s State, c review.Decide, book review.Posted) ([]Event, error) {
	i, known := s.Items[c.Item]
	if !known {
		return nil, review.ErrNoItem
	}
	if isRepetition, err := i.Check(c.Round, c.Asked); isRepetition || err != nil {
		return nil, err
	}
	if s.hasOpenRefund(i) {
		return nil, review.ErrRefundOpen
	}
	d := about{state: s, item: i, command: c, book: book}
	switch c.Asked.Decision {
	case review.Credit:
		return d.release()
	case review.Refund:
		return d.refund()
	case review.Dismiss:
		return d.dismiss()
	case review.Complete:
		return nil, review.Impossible("a deposit pays no order")
	}
	return nil, review.Impossible("%s is no decision about a deposit", c.Asked.Decision)
}

// about is a decision about an item.
type about struct {
	state   State
	item    Item
	command review.Decide
	book    review.Posted
}

func (d about) decision(takes bool) review.Decision {
	made := d.command.Decision(0, d.item.held.Payment)
	if takes {
		made.Takes = d.book.Of(d.item.key())
	}
	return made
}

// release credits the deposit to a user; of one without an identity, as many as came.
func (d about) release() ([]Event, error) {
	asked, held := d.command.Asked, d.item.held
	user := held.User
	if user == "" {
		user = d.state.User
	}
	if asked.User != "" {
		user = asked.User
	}
	if err := ident.Check(user); err != nil {
		return nil, review.Missing("a user to credit")
	}
	amount, err := asked.AmountOf(held.Amount)
	if err != nil {
		return nil, err
	}
	switch {
	case asked.Arrived != nil:
		return nil, review.Impossible("arrived says nothing of a credit")
	case asked.Times != nil && held.Payment != "":
		return nil, review.Impossible("the deposit has a hash and came once")
	case asked.Times != nil && (*asked.Times < 0 || *asked.Times > MaxTimes):
		return nil, review.Missing("times: from 0 to %d", MaxTimes)
	case asked.Times != nil:
		if amount, err = amount.Times(*asked.Times); err != nil {
			return nil, review.Missing("fewer times: %v", err)
		}
	}
	refunded, err := d.refunded(amount)
	if err != nil {
		return nil, err
	}
	made := d.decision(true)
	made.Closes = d.state.openBeside(d.command.Item)
	return []Event{DepositReleased{Decision: made, User: user, Amount: amount, Contradiction: held.Contradiction, Refunded: refunded}}, nil
}

// MaxTimes bounds how many deposits without a hash one decision counts.
const MaxTimes = 10_000

// refunded returns with what the new holder of the deposit is charged.
func (d about) refunded(amount money.Amount) (*review.Refunded, error) {
	back := d.state.backOf(d.item)
	if back.Sign() == 0 {
		return nil, nil
	}
	if rest, err := amount.Sub(back); err != nil || rest.Sign() < 0 {
		return nil, review.Impossible("%s of it were sent back, which is more than came by this decision", back)
	}
	return &review.Refunded{Amount: back, Share: back}, nil
}

// refund decides that the deposit is sent back.
func (d about) refund() ([]Event, error) {
	asked := d.command.Asked
	if d.item.held.Contradiction {
		return nil, review.Impossible("the deposit of a contradiction stands posted as it was reported first")
	}
	if asked.User != "" || asked.Times != nil || asked.Arrived != nil {
		return nil, review.Impossible("a refund has no user, times or arrived")
	}
	left := d.item.held.Amount
	switch posted := d.book.Left(d.item.key()); {
	case !posted.IsZero():
		left = &posted
	case d.item.held.Payment != "" && d.state.backOf(d.item).Sign() != 0:
		return nil, review.Impossible("%s of it were sent back", d.state.backOf(d.item))
	}
	if d.isGiven() {
		return nil, review.Impossible("an earlier round gave it to a user; credit it with times, which says how many came in all")
	}
	amount, err := asked.AmountOf(left)
	if err != nil {
		return nil, err
	}
	return []Event{RefundDecided{
		Refund: d.command.EventID(0), Item: d.command.Item, Round: d.command.Round, Asked: &asked, Payment: d.item.held.Payment,
		Amount: amount, By: d.command.By, Note: asked.Note,
	}}, nil
}

// isGiven reports whether a decision of an earlier round stands about a deposit without a
// hash, which has come again.
func (d about) isGiven() bool {
	if d.item.held.Payment != "" {
		return false
	}
	for _, r := range d.item.Rounds {
		if !r.Reversed && !r.Withdrawn && r.Asked.Decision != review.Refund {
			return true
		}
	}
	return false
}

// dismiss settles the deposit without a credit.
func (d about) dismiss() ([]Event, error) {
	asked, held := d.command.Asked, d.item.held
	switch {
	case asked.User != "" || asked.Amount != nil || asked.Times != nil:
		return nil, review.Impossible("a dismissal has no user, amount or times; it may have arrived")
	case held.Contradiction && asked.Arrived != nil:
		return nil, review.Impossible("the deposit of a contradiction stands posted as it was reported first")
	case held.Contradiction:
		return []Event{DepositDismissed{Decision: d.decision(false)}}, nil
	}
	arrived := asked.Arrived
	if arrived == nil && d.isGiven() {
		return nil, review.Impossible("an earlier round gave it to a user; credit it with times, which says how many came in all")
	}
	if arrived == nil && held.Arrived {
		arrived = held.Amount
	}
	if arrived != nil && (arrived.Sign() < 0 || held.Amount != nil && arrived.Currency() != held.Amount.Currency()) {
		return nil, review.Missing("arrived: an amount of 0 or more in the currency of the deposit")
	}
	dismissed := DepositDismissed{Decision: d.decision(held.Arrived || arrived != nil)}
	if arrived != nil && arrived.Sign() > 0 {
		dismissed.Arrived, dismissed.Closes = arrived, d.state.openBeside(d.command.Item)
	}
	if !held.Arrived && len(dismissed.Takes) > 0 {
		return nil, review.Impossible("what came of this deposit stands posted already; dismiss the item without arrived")
	}
	if held.Arrived || dismissed.Arrived != nil {
		var err error
		if dismissed.Refunded, err = d.refunded(amountOr(dismissed.Arrived)); err != nil {
			return nil, err
		}
	}
	return []Event{dismissed}, nil
}

func amountOr(a *money.Amount) money.Amount {
	if a == nil {
		return money.Zero(money.BTC)
	}
	return *a
}

// DecideReverse returns the event that undoes a decision, none if it is undone.
func DecideReverse(s State, c review.Reverse, book review.Posted) ([]Event, error) {
	i, known := s.Items[c.Item]
	if !known {
		return nil, review.ErrNoItem
	}
	if isRepetition, err := i.CheckReversal(c.Round, c.Note); isRepetition || err != nil {
		return nil, err
	}
	decision := i.Standing().ID
	switch back := s.backOf(i); {
	case s.hasOpenRefund(i):
		return nil, review.ErrRefundOpen
	case back.Sign() != 0, i.intent != nil && i.intent.Done != nil:
		return nil, review.ErrRefundDone
	}
	var opens []string
	for _, id := range slices.Sorted(maps.Keys(s.Items)) {
		if id != c.Item && s.Items[id].Settled == decision {
			opens = append(opens, id)
		}
	}
	reversal, err := c.Undo(decision, i.held.Payment, opens, book)
	if err != nil {
		return nil, err
	}
	return []Event{DecisionReversed{reversal}}, nil
}

// DecideSent returns the event of a refund that a person has sent, none if it is known.
func DecideSent(s State, c review.Confirm, book review.Posted) ([]Event, error) {
	i := s.Items[c.Refund]
	switch intent := i.intent; {
	case intent == nil:
		return nil, review.ErrNoItem
	case intent.Withdrawn:
		return nil, review.Impossible("the refund was withdrawn")
	case intent.Done != nil && intent.Done.Reference == c.Reference && intent.Done.OccurredAt.Equal(c.SentAt):
		return nil, nil
	case intent.Done != nil:
		return nil, review.ErrRefundDone
	}
	if left := book.Left(i.key()); !left.IsZero() && left != i.intent.Amount {
		return nil, review.Impossible("%s came, and the refund was decided as %s; withdraw it and decide again", left, i.intent.Amount)
	}
	return []Event{DepositRefunded{
		Payment: i.held.Payment, Refund: i.intent.Refund, Item: c.Refund, Amount: i.intent.Amount,
		From: review.Opposite(book.Holders(i.key())), Reference: c.Reference, By: c.By, OccurredAt: c.SentAt,
	}}, nil
}

// DecideWithdraw returns the event that frees what a refund has reserved, none if it is
// withdrawn.
func DecideWithdraw(s State, c review.Withdraw) ([]Event, error) {
	switch intent := s.Items[c.Refund].intent; {
	case intent == nil:
		return nil, review.ErrNoItem
	case intent.Done != nil:
		return nil, review.ErrRefundDone
	case intent.Withdrawn:
		return nil, nil
	default:
		return []Event{RefundWithdrawn{
			Refund: intent.Refund, Item: intent.Item, Round: intent.Round, Payment: intent.Payment, Amount: intent.Amount, By: c.By,
		}}, nil
	}
}
