package payment

import (
	"errors"
	"iter"
	"maps"
	"slices"

	"daybook/domain/money"
)

// Receive returns the standing of a payment that was received.
func (s Standing) Receive(user string, amount money.Amount) Standing {
	s.User, s.Amount, s.Received = user, amount, true
	return s
}

// ReceiveTransfer is Receive for a provider that shows transfers. Whose it is, terms
// say.
func (s Standing) ReceiveTransfer(t Transfer) Standing {
	s.Transfer = &t
	return s.Receive("", t.Amount)
}

// CreditTransfer is Credit for a provider that shows transfers.
func (s Standing) CreditTransfer(t Transfer) Standing {
	s.Transfer = &t
	return s.Credit("", t.Amount)
}

// ReportFee returns the standing of a payment whose fee was posted by itself.
func (s Standing) ReportFee(fee money.Amount) Standing {
	s.Fee = fee
	return s
}

// Credit returns the standing of a payment that was credited, and whose holds
// are settled by that.
func (s Standing) Credit(user string, amount money.Amount) Standing {
	s = s.Receive(user, amount)
	s.Verified, s.Pending = true, money.Amount{}
	return s.settle()
}

// Refute returns the standing of a payment that was shown not to exist.
func (s Standing) Refute() Standing {
	s.Refuted, s.Pending = true, money.Amount{}
	return s
}

// Hold returns the standing with one more hold.
func (s Standing) Hold(h HeldReport) Standing {
	s.Holds = append(slices.Clip(s.Holds), h)
	if s.Received && !h.Contradiction {
		s.Answered, s.Pending = true, money.Amount{}
	}
	return s
}

// Close returns the standing with a hold closed by a person's decision.
func (s Standing) Close(id string) Standing {
	s.Holds = slices.Clone(s.Holds)
	for i := range s.Holds {
		if s.Holds[i].ID == id {
			s.Holds[i].Closed = true
		}
	}
	return s
}

func (s Standing) settle() Standing {
	s.Holds = slices.Clone(s.Holds)
	for i := range s.Holds {
		if !s.Holds[i].Contradiction {
			s.Holds[i].Closed = true
		}
	}
	return s
}

// Standings are the payments of one stream by key: a payment identity, or a
// digest where a report names none. The zero value is empty.
type Standings struct {
	// Nearly every stream has one payment, for which a map would cost more than
	// the decision.
	known bool
	key   string
	first Standing
	more  map[string]Standing
}

// Max bounds the payments of one order, and the holds of one payment. A real
// order has one payment and a few mispayments.
const Max = 1000

// ErrTooMany says that a stream would get more payments, holds or words than
// are kept of one. The report that brings them has to be kept elsewhere.
var ErrTooMany = errors.New("more than is kept in one stream")

// TooMany reports whether there are more payments than Max, or more holds of
// one.
func (all Standings) TooMany() bool {
	if len(all.first.Holds) > Max {
		return true
	}
	for _, s := range all.more {
		if len(s.Holds) > Max {
			return true
		}
	}
	return all.known && 1+len(all.more) > Max
}

// Of returns the standing under a key; the zero standing if there is none.
func (all Standings) Of(key string) Standing {
	if all.known && key == all.key {
		return all.first
	}
	return all.more[key]
}

// With puts a standing under a key and returns the standings. It may change the
// receiver, so that folding a long stream takes time in proportion to its
// length; who needs the old state clones it first.
func (all Standings) With(key string, s Standing) Standings {
	switch {
	case !all.known || key == all.key:
		all.known, all.key, all.first = true, key, s
		return all
	case all.more == nil:
		all.more = make(map[string]Standing)
	}
	all.more[key] = s
	return all
}

// Sorted returns the standings in the order of their keys, as they are now.
func (all Standings) Sorted() iter.Seq2[string, Standing] {
	keys := slices.Collect(maps.Keys(all.more))
	if all.known {
		keys = append(keys, all.key)
	}
	slices.Sort(keys)
	return func(yield func(string, Standing) bool) {
		for _, key := range keys {
			if !yield(key, all.Of(key)) {
				return
			}
		}
	}
}

// Clone returns standings that With changes apart from the receiver.
func (all Standings) Clone() Standings {
	all.more = maps.Clone(all.more)
	return all
}
