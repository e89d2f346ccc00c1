package deposit

import (
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// Item is a held deposit that waits, or has waited, for a person.
type Item struct {
	review.Item
	held   *DepositHeld
	intent *Intent      // the last refund of it that was decided; nil if none was
	back   money.Amount // sent back of one without an identity; the zero value if nothing was
}

// Intent is a refund that a person has decided.
type Intent struct {
	RefundDecided
	Withdrawn bool
	Done      *DepositRefunded // how it was sent; nil if it was not
}

// isOpen reports whether the refund is neither sent nor withdrawn.
func (i *Intent) isOpen() bool { return i != nil && !i.Withdrawn && i.Done == nil }

// hasOpenRefund reports whether the payment of an item is about to be sent back, by what
// was decided about this item or another one.
func (s State) hasOpenRefund(i Item) bool {
	for _, other := range s.Items {
		if other.key() == i.key() && other.intent.isOpen() {
			return true
		}
	}
	return false
}

// Intent returns the last refund of the item that was decided; nil if none was.
func (i Item) Intent() *Intent { return i.intent }

// key returns the key of the item's payment in State.Payments; the item's id if it has no
// identity.
func (i Item) key() string {
	if i.held.Payment == "" {
		return i.held.Hold
	}
	return string(i.held.Payment)
}

func (s State) open(e DepositHeld) State { return s.put(e.Hold, Item{held: &e}) }

// put changes the map that the state has.
func (s State) put(id string, i Item) State {
	if s.Items == nil {
		s.Items = make(map[string]Item)
	}
	s.Items[id] = i
	return s
}

func (s State) change(id string, change func(Item) Item) State {
	if i, known := s.Items[id]; known {
		return s.put(id, change(i))
	}
	return s
}

func (s State) release(e DepositReleased) State {
	return s.decided(e.Decision).standing(e.Payment, func(p payment.Standing) payment.Standing {
		var share money.Amount
		if e.Refunded != nil {
			share = e.Refunded.Share
		}
		return p.Release(e.ID, e.Item, e.User, e.Amount, share, nil)
	})
}

func (s State) dismiss(e DepositDismissed) State {
	var arrived money.Amount
	if e.Arrived != nil {
		arrived = *e.Arrived
	}
	return s.decided(e.Decision).standing(e.Payment, func(p payment.Standing) payment.Standing { return p.Dismiss(e.ID, e.Item, arrived) })
}

func (s State) reverse(e DecisionReversed) State {
	s = s.change(e.Item, func(i Item) Item { i.Item = i.EndRound(e.Note, false); return i })
	for _, id := range e.Opens {
		s = s.change(id, func(i Item) Item { i.Item = i.Reopen(); return i })
	}
	return s.standing(e.Payment, func(p payment.Standing) payment.Standing { return p.Reverse(e.Reverses) })
}

func (s State) intend(e RefundDecided) State {
	return s.change(e.Item, func(i Item) Item {
		i.Item, i.intent = i.Decide(e.Round, e.Refund, askedOf(e), e.By), &Intent{RefundDecided: e}
		return i
	}).standing(e.Payment, func(p payment.Standing) payment.Standing { return p.Reserve(e.Refund, e.Item) })
}

// askedOf returns the request of a refund; the zero value if the event has none.
func askedOf(e RefundDecided) (asked review.Asked) {
	if e.Asked != nil {
		asked = *e.Asked
	}
	return asked
}

func (s State) withdraw(e RefundWithdrawn) State {
	return s.change(e.Item, func(i Item) Item {
		if i.intent == nil {
			return i
		}
		i.Item, i.intent = i.EndRound("", true), &Intent{RefundDecided: i.intent.RefundDecided, Withdrawn: true}
		return i
	}).standing(e.Payment, func(p payment.Standing) payment.Standing { return p.Reverse(e.Refund) })
}

func (s State) decided(d review.Decision) State {
	s = s.change(d.Item, func(i Item) Item { i.Item = i.Decide(d.Round, d.ID, d.Asked, d.By); return i })
	for _, id := range d.Closes {
		s = s.change(id, func(i Item) Item { i.Item = i.Settle(d.ID); return i })
	}
	return s
}

// standing changes what is known of a payment, if it has an identity.
func (s State) standing(identity ident.Payment, change func(payment.Standing) payment.Standing) State {
	if identity == "" {
		return s
	}
	return s.with(identity, change)
}

func (s State) refunded(e DepositRefunded) State {
	s = s.change(e.Item, func(i Item) Item {
		if i.intent == nil {
			return i
		}
		i.intent = &Intent{RefundDecided: i.intent.RefundDecided, Done: &e}
		if back, err := i.back.Add(e.Amount); err == nil {
			i.back = back
		}
		return i
	})
	return s.standing(e.Payment, func(p payment.Standing) payment.Standing {
		given, err := p.GiveBack(e.Amount, e.Amount)
		if err != nil {
			return p // of two currencies, which no posting has
		}
		return given
	})
}

// backOf returns what was sent back of the payment of an item.
func (s State) backOf(i Item) money.Amount {
	if i.held.Payment == "" {
		return i.back
	}
	return s.Payments.Of(string(i.held.Payment)).Refunded
}

// settleItems closes what a credit by rule has settled.
func (s State) settleItems(closes []payment.ClosedHold) State {
	for _, c := range closes {
		s = s.change(c.Hold, func(i Item) Item { i.Item = i.Settle(review.ByRule); return i })
	}
	return s
}

// openBeside returns the other open items of a payment that a credit settles.
func (s State) openBeside(id string) []string {
	var open []string
	for other, i := range s.Items {
		if other != id && i.IsOpen() && i.held.Payment != "" && i.key() == s.Items[id].key() && !i.held.Contradiction {
			open = append(open, other)
		}
	}
	slices.Sort(open)
	return open
}

// OpensItem returns the item that the event opens.
func (e DepositHeld) OpensItem() string { return e.Hold }

// PostsBeside returns the item that is sent back.
func (e DepositRefunded) PostsBeside() string { return e.Item }
