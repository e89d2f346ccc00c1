package order

import (
	"cmp"
	"maps"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// Item is what waits, or has waited, for a person: one of a held report, a mispayment and
// a held refund.
type Item struct {
	review.Item
	held    *PaymentHeld
	mispaid *PaymentMispaid
	refund  *RefundHeld
	charged *RefundCharged // the last charge of the refund
}

// open puts an item. It changes the map that the state has.
func (s State) open(id string, i Item) State {
	if s.Items == nil {
		s.Items = make(map[string]Item)
	}
	s.Items[id] = i
	return s
}

// change changes an item that is there.
func (s State) change(id string, change func(review.Item) review.Item) State {
	if i, known := s.Items[id]; known {
		i.Item = change(i.Item)
		s.Items[id] = i
	}
	return s
}

// settleItems closes what a credit by rule has settled.
func (s State) settleItems(closes []payment.ClosedHold) State {
	for _, c := range closes {
		s = s.change(c.Hold, func(i review.Item) review.Item { return i.Settle(review.ByRule) })
	}
	return s
}

// pay notes the payment that pays the order first, and the decision by which it does.
func (s State) pay(identity ident.Payment, decision string) State {
	if s.Paid == "" && identity != "" {
		s.Paid, s.PaidBy = identity, decision
	}
	return s
}

// credit puts a decision that gives a payment to a user. Of a sale, that pays nothing, and
// neither does a mispayment or a second transfer.
func (s State) credit(e PaymentReleased) State {
	if _, isOwn := ownerOf(e.Payment); isOwn && !s.isSale() {
		s = s.pay(e.Payment, e.ID)
	}
	return s.release(e.Decision, e.User, e.Amount, e.Transfer, e.Refunded)
}

// release puts a decision that gives a payment to somebody.
func (s State) release(d review.Decision, user string, amount money.Amount, transfer *payment.Transfer, back *review.Refunded) State {
	return s.decided(d).with(s.Items[d.Item].key(), func(p payment.Standing) payment.Standing {
		return p.Release(d.ID, d.Item, user, amount, deref(back).Share, transfer)
	})
}

func (s State) dismiss(e PaymentDismissed) State {
	return s.decided(e.Decision).with(s.Items[e.Item].key(), func(p payment.Standing) payment.Standing {
		return p.Dismiss(e.ID, e.Item, deref(e.Arrived))
	})
}

func deref[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

// decided closes the item of a decision, and those that it settles besides.
func (s State) decided(d review.Decision) State {
	s = s.change(d.Item, func(i review.Item) review.Item { return i.Decide(d.Round, d.ID, d.Asked, d.By) })
	for _, id := range d.Closes {
		s = s.change(id, func(i review.Item) review.Item { return i.Settle(d.ID) })
	}
	return s
}

// reverse puts back what a decision has changed.
func (s State) reverse(e DecisionReversed) State {
	i := s.Items[e.Item]
	s = s.change(e.Item, func(i review.Item) review.Item { return i.EndRound(e.Note, false) })
	for _, id := range e.Opens {
		s = s.change(id, review.Item.Reopen)
	}
	if s.PaidBy == e.Reverses && s.PaidBy != "" {
		s.Paid, s.PaidBy = "", ""
	}
	if i.refund != nil {
		return s.uncharge(i, e.Reverses).match(e.Item, false)
	}
	return s.with(i.key(), func(p payment.Standing) payment.Standing { return p.Reverse(e.Reverses) })
}

// key returns the key of the item's payment in State.Payments.
func (i Item) key() string {
	switch {
	case i.held != nil:
		return i.held.key()
	case i.mispaid != nil:
		return string(i.mispaid.Payment)
	}
	return ""
}

// identity returns the payment of the item; empty if it has none.
func (i Item) identity() ident.Payment {
	switch {
	case i.held != nil:
		return i.held.Payment
	case i.mispaid != nil:
		return i.mispaid.Payment
	case i.refund != nil:
		return i.refund.Payment
	}
	return ""
}

// posted is the key under which what the item has posted is known.
func (i Item) posted(id string) string {
	if i.refund != nil || i.identity() == "" {
		return id
	}
	return string(i.identity())
}

// isContradiction reports whether the item says otherwise than what is known.
func (i Item) isContradiction() bool { return i.held != nil && i.held.Contradiction }

// openBeside returns the other open items of a payment that a decision about one settles.
func (s State) openBeside(id string) []string {
	identity := s.Items[id].identity()
	var open []string
	if identity == "" {
		return nil
	}
	for _, other := range slices.Sorted(maps.Keys(s.Items)) {
		i := s.Items[other]
		if other != id && i.IsOpen() && i.refund == nil && i.identity() == identity && !i.isContradiction() {
			open = append(open, other)
		}
	}
	return open
}

// OpensItem returns the item that the event opens.
func (e PaymentHeld) OpensItem() string { return e.Hold }

// OpensItem returns the item that the event opens.
func (e PaymentMispaid) OpensItem() string { return e.Mispayment }

// OpensItem returns the item that the event opens.
func (e RefundHeld) OpensItem() string { return e.Hold }

// PostsBeside returns the item that is sent back; empty if none is.
func (e PaymentRefunded) PostsBeside() string { return e.Item }

// PostsBeside returns no item: a fee is of a payment.
func (e FeeReported) PostsBeside() string { return "" }

func sortedKeys[K cmp.Ordered, V any](all map[K]V) []K { return slices.Sorted(maps.Keys(all)) }
