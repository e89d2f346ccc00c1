package verify

import (
	"math/big"
	"strings"
)

// suspended is the account of an item in suspense.
type suspended struct {
	sums     map[string]*big.Int // by currency
	isRefund bool                // what more went back than had come: a debit
	isClosed bool
}

// suspend puts a line of an item's account on it.
func (b *book) suspend(f *fact, l line) {
	if l.account.place != suspense {
		return
	}
	s := b.suspense[l.account.of]
	if s == nil {
		s = &suspended{isRefund: f.event.Type == "RefundHeld"}
		b.suspense[strings.Clone(l.account.of)] = s
	}
	if s.sums == nil {
		s.sums = make(map[string]*big.Int, 1)
	}
	sum := s.sums[l.currency]
	if sum == nil {
		sum = new(big.Int)
		s.sums[strings.Clone(l.currency)] = sum
	}
	if l.addTo(sum); sum.Sign() == 0 {
		s.sums = without(s.sums, l.currency)
	}
}

// without drops a currency, and the map with its last one.
func without(sums map[string]*big.Int, currency string) map[string]*big.Int {
	if delete(sums, currency); len(sums) == 0 {
		return nil
	}
	return sums
}

// closeItems takes note of which items an event closes, or opens again. A refund that is
// decided leaves the money where it is.
func (b *book) closeItems(f *fact) {
	for _, c := range f.said.Closes {
		b.closeItem(c.Hold, true)
	}
	switch {
	case f.rule.takes, f.rule.sendsBack:
		b.closeItem(f.said.Item, true)
	case f.rule.reverses:
		b.closeItem(f.said.Item, false)
		for _, id := range f.said.Opens {
			b.closeItem(id, false)
		}
	}
}

func (b *book) closeItem(id string, isClosed bool) {
	if s := b.suspense[id]; s != nil {
		s.isClosed = isClosed
	}
}

// refundsHeld returns what suspense has of refunds.
func (b *book) refundsHeld(currency string) *big.Int {
	sum := new(big.Int)
	for _, s := range b.suspense {
		if n := s.sums[currency]; n != nil && s.isRefund {
			sum.Add(sum, n)
		}
	}
	return sum
}
