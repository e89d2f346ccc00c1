package verify

import "math/big"

// sent is what was sent back of a payment, and what its holders have given for it.
type sent struct {
	amount, share units
	before        map[string]units // what holders had given before a decision
}

// add notes what was sent back. Sums of two currencies are no posting's.
func (s *sent) add(amount, share *units, sign int64) {
	for _, to := range []struct{ sum, more *units }{{&s.amount, amount}, {&s.share, share}} {
		if to.more.currency != "" {
			to.sum.currency = to.more.currency
		}
		to.sum.n = *new(big.Int).Add(&to.sum.n, new(big.Int).Mul(&to.more.n, big.NewInt(sign)))
	}
}

// give notes a decision that gives the payment to others: they give their share of what had
// been sent back.
func (s *sent) give(said *data) {
	s.before[said.ID] = s.share
	s.share = units{}
	if said.Refunded != nil {
		var share units
		if share.parse(said.Refunded.Share) == nil {
			s.share = share
		}
	}
}

// restore forgets such a decision.
func (s *sent) restore(decision string) {
	if before, known := s.before[decision]; known {
		s.share = before
		delete(s.before, decision)
	}
}
