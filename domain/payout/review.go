package payout

import (
	"maps"

	"daybook/domain/review"
)

// Item is a held report that waits, or has waited, for a person.
type Item struct {
	review.Item
	held   *PayoutHeld
	before *taken // what its release has replaced
}

// taken is what was known of the payout before a release.
type taken struct {
	known, completed bool
	facts            Facts
}

// Clone returns a state that Evolve changes apart from the receiver.
func (s State) Clone() State {
	s.Items = maps.Clone(s.Items)
	return s
}

func (s State) put(id string, i Item) State {
	if s.Items == nil {
		s.Items = make(map[string]Item)
	}
	s.Items[id] = i
	return s
}

func (s State) decided(d review.Decision, before *taken) State {
	i, known := s.Items[d.Item]
	if !known {
		return s
	}
	i.Item, i.before = i.Decide(d.Round, d.ID, d.Asked, d.By), before
	return s.put(d.Item, i)
}

func (s State) release(e PayoutReleased) State {
	s = s.decided(e.Decision, &taken{s.Known, s.Completed, s.Facts})
	s.Known, s.Completed, s.Facts = true, true, e.Facts
	return s
}

func (s State) reverse(e DecisionReversed) State {
	i, known := s.Items[e.Item]
	if !known {
		return s
	}
	if b := i.before; b != nil {
		s.Known, s.Completed, s.Facts = b.known, b.completed, b.facts
	}
	i.Item, i.before = i.EndRound(e.Note, false), nil
	return s.put(e.Item, i)
}

// isReplaced reports whether a report is the reading that a released one has replaced. That
// an announced payout is completed all the same is news.
func (s State) isReplaced(f Facts, progress Progress) bool {
	for _, i := range s.Items {
		isNews := i.before != nil && progress == Complete && !i.before.completed
		if i.before != nil && i.before.known && !isNews && i.before.facts.Equal(f) {
			return true
		}
	}
	return false
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
	asked := c.Asked
	if asked.User != "" || asked.Times != nil || asked.Arrived != nil {
		return nil, review.Impossible("a decision about a payout has no user, times or arrived")
	}
	made := c.Decision(0, i.held.Payment)
	switch asked.Decision {
	case review.Credit:
		facts, err := i.facts(asked)
		if err != nil {
			return nil, err
		}
		made.Takes = book.Of(string(i.held.Payment))
		return []Event{PayoutReleased{Decision: made, Facts: facts}}, nil
	case review.Dismiss:
		if asked.Amount != nil {
			return nil, review.Impossible("a dismissal has no amount")
		}
		return []Event{PayoutDismissed{Decision: made}}, nil
	}
	return nil, review.Impossible("a payout is credited, which takes the report for what happened, or dismissed")
}

// facts returns what the held report says of the payout. Where that cannot be read, a
// person says how much has arrived at the bank.
func (i Item) facts(asked review.Asked) (Facts, error) {
	if i.held.Facts != nil {
		if asked.Amount != nil {
			return Facts{}, review.Impossible("the report says how much it is: %s", i.held.Facts.Total)
		}
		return *i.held.Facts, nil
	}
	amount, err := asked.AmountOf(nil)
	return Facts{Subtotal: amount, Total: amount}, err
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
	reversal, err := c.Undo(i.Standing().ID, i.held.Payment, nil, book)
	if err != nil {
		return nil, err
	}
	return []Event{DecisionReversed{reversal}}, nil
}
