package httpapi

import (
	"time"

	"daybook/domain/money"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
)

// postingAnswer is one side of a posting: a debit is positive, a credit negative.
type postingAnswer struct {
	Account  string         `json:"account"`
	Amount   string         `json:"amount"`
	Currency money.Currency `json:"currency"`
}

func newPostings(lines []review.Line) []postingAnswer {
	postings := make([]postingAnswer, 0, len(lines))
	for _, l := range lines {
		postings = append(postings, postingAnswer{l.Account, l.Amount.Decimal(), l.Amount.Currency()})
	}
	return postings
}

// decisionOption is a decision that a person may make.
type decisionOption struct {
	Decision review.Verb     `json:"decision"`
	Postings []postingAnswer `json:"postings"`
	Needs    string          `json:"needs,omitzero"` // what the body has to say besides
}

func newDecisionOption(o recorder.Option) decisionOption {
	return decisionOption{o.Decision, newPostings(o.Lines), reasonText(o.Needs, review.ErrMissing)}
}

// oneItem is an item with how it was decided.
type oneItem struct {
	reviewItem
	Status    string        `json:"status"`
	SettledBy string        `json:"settled_by,omitzero"` // the item whose decision has settled it
	Rounds    []roundAnswer `json:"rounds"`
	Refund    *refundAnswer `json:"refund,omitzero"` // the last one of it
}

// The statuses of an item.
const (
	itemOpen    = "open"
	itemDecided = "decided" // by a person, about this item
	itemSettled = "settled" // by a rule, or by a decision about another item of the payment
)

// roundAnswer is one decision about an item, and its end.
type roundAnswer struct {
	Round    int             `json:"round"`
	ID       string          `json:"id"` // of the decision's event, or of the refund
	Decision review.Verb     `json:"decision"`
	User     string          `json:"user,omitzero"`
	Amount   *money.Amount   `json:"amount,omitzero"`
	Times    *int            `json:"times,omitzero"`
	Arrived  *money.Amount   `json:"arrived,omitzero"`
	Note     string          `json:"note"`
	By       string          `json:"by"`
	At       string          `json:"at,omitzero"`
	Reversed *reversedAnswer `json:"reversed,omitzero"`
}

// reversedAnswer is how a round ended.
type reversedAnswer struct {
	Withdrawn bool   `json:"withdrawn,omitzero"` // the refund was not sent
	Note      string `json:"note,omitzero"`
	By        string `json:"by"`
	At        string `json:"at"`
}

func newRound(r review.Round) roundAnswer {
	a := r.Asked
	return roundAnswer{
		Round: r.Number, ID: r.ID, Decision: a.Decision, User: a.User, Amount: a.Amount, Times: a.Times, Arrived: a.Arrived, Note: a.Note, By: r.By,
	}
}

// tell completes an item with its decisions.
func (o *oneItem) tell(s story, id string) {
	item, _ := s.review(id)
	o.Rounds = []roundAnswer{}
	for _, r := range item.Rounds {
		round := newRound(r)
		round.At = timeText(s.times[r.ID])
		if r.Reversed || r.Withdrawn {
			end := s.reversed[r.ID]
			round.Reversed = &reversedAnswer{r.Withdrawn, r.Reversal, end.by, timeText(end.at)}
		}
		o.Rounds = append(o.Rounds, round)
	}
	switch {
	case item.IsOpen():
		o.Status = itemOpen
	case item.Standing() != nil:
		o.Status = itemDecided
	default:
		o.Status, o.SettledBy = itemSettled, s.subjects[item.Settled]
	}
}

// timeText writes a time that is known.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return eventstore.FormatTime(t)
}
