package review

import (
	"errors"
	"slices"
)

// The errors of decisions. Each is a state in which the request cannot be met.
var (
	ErrNoItem     = errors.New("there is no such item")
	ErrDecided    = errors.New("the item is decided")
	ErrRound      = errors.New("the item is in another round")
	ErrUndecided  = errors.New("the item is not decided")
	ErrRefundOpen = errors.New("a refund of the money is open")
	ErrRefundDone = errors.New("the money was sent back")
	ErrLater      = errors.New("a later decision rests on it")
	ErrImpossible = errors.New("the item cannot be decided so")
	ErrMissing    = errors.New("the decision lacks something")
)

// Item has the decisions about one item of a stream. The zero value is open and has none.
type Item struct {
	Rounds  []Round // the last is the present one, if it has been decided
	Settled string  // id of the decision, of another item or not, that has closed it; empty while it is open
	Round   int     // how often it was opened again
}

// Round is one decision about an item, and its end.
type Round struct {
	Number    int
	ID        string // of the decision; of a refund, the refund's
	Asked     Asked
	By        string
	Reversal  string // the note of its reversal
	Reversed  bool
	Withdrawn bool
}

// ByRule is what settles an item that no person has decided.
const ByRule = "rule"

// IsOpen reports whether the item waits for a decision.
func (i Item) IsOpen() bool { return i.Settled == "" }

// Standing returns the decision that stands; nil if none does.
func (i Item) Standing() *Round {
	if n := len(i.Rounds); n > 0 && i.Rounds[n-1].ID == i.Settled && i.Settled != "" {
		return &i.Rounds[n-1]
	}
	return nil
}

// Decide returns the item after a decision about it.
func (i Item) Decide(round int, id string, asked Asked, by string) Item {
	i.Rounds = append(slices.Clip(i.Rounds), Round{Number: round, ID: id, Asked: asked, By: by})
	i.Settled = id
	return i
}

// Settle returns the item closed by a rule, or by a decision about another item.
func (i Item) Settle(id string) Item {
	i.Settled = id
	return i
}

// Reopen returns the item after what has closed it is undone.
func (i Item) Reopen() Item {
	i.Settled = ""
	return i
}

// EndRound returns the item after its decision was undone.
func (i Item) EndRound(note string, isWithdrawn bool) Item {
	i.Rounds = slices.Clone(i.Rounds)
	if n := len(i.Rounds); n > 0 {
		last := &i.Rounds[n-1]
		last.Reversal, last.Reversed, last.Withdrawn = note, !isWithdrawn, isWithdrawn
	}
	return i.NextRound()
}

// NextRound returns the item open again, in its next round.
func (i Item) NextRound() Item {
	i.Round++
	return i.Reopen()
}

// Decided returns the decision of a round; nil if it has none.
func (i Item) Decided(round int) *Round {
	if at := slices.IndexFunc(i.Rounds, func(r Round) bool { return r.Number == round }); at >= 0 {
		return &i.Rounds[at]
	}
	return nil
}

// Check reports whether a request repeats what was decided in its round, or why it cannot
// be met.
func (i Item) Check(round int, asked Asked) (isRepetition bool, err error) {
	r := i.Decided(round)
	switch {
	case r != nil && r.Asked.Equal(asked):
		return true, nil
	case r != nil && round == i.Round:
		return false, ErrDecided
	case round != i.Round:
		return false, ErrRound
	case !i.IsOpen():
		return false, ErrDecided
	}
	return false, nil
}

// CheckReversal reports whether a request repeats the reversal of its round, or why it
// cannot be met.
func (i Item) CheckReversal(round int, note string) (isRepetition bool, err error) {
	r := i.Decided(round)
	switch {
	case r != nil && r.Reversed && r.Reversal == note:
		return true, nil
	case r != nil && r.Reversed:
		return false, ErrRound
	case round != i.Round:
		return false, ErrRound
	case i.Standing() == nil && !i.IsOpen():
		return false, ErrLater // another item's decision has closed it
	case i.Standing() == nil:
		return false, ErrUndecided
	}
	return false, nil
}
