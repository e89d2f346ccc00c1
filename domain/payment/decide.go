package payment

import (
	"slices"

	"daybook/domain/money"
)

// undo is what a decision has changed, so that its reversal restores that and nothing
// else.
type undo struct {
	decision string
	isCredit bool
	before   Standing
	holds    []HeldReport // as they were
}

// Release returns the standing after a person credited user: with a held report, or with
// what was received. It closes the payment's holds as any credit does, and the decided one.
// Later reports are still compared with the first one. share is the user's part of what was
// sent back before.
func (s Standing) Release(decision, hold, user string, amount, share money.Amount, transfer *Transfer) Standing {
	before := s
	if !s.Received {
		if s = s.Receive(user, amount); transfer != nil {
			s = s.ReceiveTransfer(*transfer)
		}
	}
	s.Verified, s.Owner, s.Credited, s.given, s.Share = true, user, amount, transfer, share
	s = s.settle().Close(hold)
	return s.remember(decision, true, before)
}

// Dismiss returns the standing after a person settled a hold without a credit. The amount
// is what has arrived, the zero value if nothing has.
func (s Standing) Dismiss(decision, hold string, arrived money.Amount) Standing {
	before := s
	s.Holds = slices.Clone(s.Holds)
	for i := range s.Holds {
		if h := &s.Holds[i]; h.ID == hold {
			h.Closed = true
			if !h.Contradiction {
				h.Arrived = !arrived.IsZero()
			}
			if h.Arrived {
				h.Amount = arrived
			}
		}
	}
	return s.remember(decision, false, before)
}

// Reserve returns the standing after a person decided to send the money of a hold back. No
// registration credits it then.
func (s Standing) Reserve(decision, hold string) Standing {
	return s.Close(hold).remember(decision, false, s)
}

// remember notes what a decision has changed.
func (s Standing) remember(decision string, isCredit bool, before Standing) Standing {
	u := undo{decision: decision, isCredit: isCredit, before: before}
	u.before.Holds, u.before.undo = nil, nil
	for i, h := range before.Holds {
		if h.Closed != s.Holds[i].Closed || h.Arrived != s.Holds[i].Arrived {
			u.holds = append(u.holds, h)
		}
	}
	s.undo = append(slices.Clip(s.undo), u)
	return s
}

// Reverse returns the standing after a decision was undone.
func (s Standing) Reverse(decision string) Standing {
	at := slices.IndexFunc(s.undo, func(u undo) bool { return u.decision == decision })
	if at < 0 {
		return s
	}
	u := s.undo[at]
	s.undo = slices.Delete(slices.Clone(s.undo), at, at+1)
	s.Holds = slices.Clone(s.Holds)
	for _, held := range u.holds {
		for i := range s.Holds {
			if s.Holds[i].ID == held.ID {
				s.Holds[i] = held
			}
		}
	}
	if u.isCredit {
		b := u.before
		s.User, s.Amount, s.Received, s.Verified, s.Transfer = b.User, b.Amount, b.Received, b.Verified, b.Transfer
		s.Owner, s.Credited, s.given, s.Share = b.Owner, b.Credited, b.given, b.Share
	}
	return s
}

// GiveBack returns the standing after something was sent back; a negative amount takes
// that back.
func (s Standing) GiveBack(amount, share money.Amount) (Standing, error) {
	var err error
	if s.Refunded, err = s.Refunded.Add(amount); err != nil {
		return s, err
	}
	s.Share, err = s.Share.Add(share)
	return s, err
}
