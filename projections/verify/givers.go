package verify

import (
	"maps"
	"math/big"
	"slices"
)

// hasCome reports whether a payment is posted, or was.
func (r *reviewed) hasCome(payment string) bool {
	return r.posted.left(payment) != nil || r.backs[payment] != nil
}

// openItem returns the open item that has the money of a payment in suspense.
func (r *reviewed) openItem(payment string) string {
	for _, id := range slices.Sorted(maps.Keys(r.items)) {
		i := r.items[id]
		if i.settled == "" && !i.isRefund() && i.said.Payment == payment && (i.isMispayment() || i.said.Arrived.is) {
			return id
		}
	}
	return ""
}

// givers returns who gives a part of what is left of a payment. Where they have it in
// another currency they give the same share of it, rounded down; the last refund takes the
// rest.
func (r *reviewed) givers(key string, part, left *units) ([]line, bool) {
	holders := r.posted.holders(key)
	if part.n.Cmp(&left.n) == 0 {
		return opposite(holders), true
	}
	share := &units{currency: part.currency}
	share.n.Set(&part.n)
	has := new(units)
	for _, h := range holders {
		if has.currency != "" && has.currency != h.currency {
			return nil, false
		}
		has.currency = h.currency
		has.n.Sub(&has.n, h.n)
	}
	if has.currency != part.currency {
		received := new(big.Int).Set(&left.n)
		credited := new(big.Int).Set(&has.n)
		if back := r.backs[key]; back != nil {
			received.Add(received, &back.amount.n)
			credited.Add(credited, &back.share.n)
		}
		if received.Sign() <= 0 {
			return nil, false
		}
		share.currency = has.currency
		share.n.Quo(credited.Mul(credited, &part.n), received)
	}
	from, rest := takeFrom(holders, share)
	return from, rest.Sign() <= 0
}

// split divides an amount into what is left of a payment, and what is above it.
func split(is, left *units) (part, above *units) {
	part, above = &units{currency: is.currency}, &units{currency: is.currency}
	part.n.Set(&is.n)
	if left == nil {
		left = &units{currency: is.currency}
	}
	if is.n.Cmp(&left.n) > 0 {
		part.n.Set(&left.n)
	}
	above.n.Sub(&is.n, &part.n)
	return part, above
}
