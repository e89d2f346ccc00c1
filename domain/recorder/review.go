package recorder

import (
	"context"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/review"
	"daybook/eventstore"
)

// Decision is what a person's decision about an item has come to.
type Decision struct {
	Result
	Item  review.Item   // after it
	Lines []review.Line // that the command posts; of a repetition, that the first has posted
}

// DecideItem records what a person decides about an item of a stream. The same decision
// of a round is recorded once. A dry run decides the same and records nothing.
func (r *Recorder) DecideItem(ctx context.Context, stream eventstore.StreamName, decide review.Decide, isDryRun bool, c Command) (Decision, error) {
	decide.By = c.Actor
	made := making{item: decide.Item, round: decide.Round, isDryRun: isDryRun}
	var result Result
	var err error
	switch stream.Category() {
	case order.Category:
		result, err = r.claiming(ctx, stream, c.message(), isDryRun, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
			decide.EventID = eventID
			events, err := order.DecideReview(state, order.DecideItem{Decide: decide, Claims: claims})
			return makeOf(&made, orders, state, claims.Book, state.Clone, itemOfOrder, events, err)
		})
	case deposit.Category:
		result, err = record(ctx, r.store, stream, withBook(deposits), c.message(), func(b booked[deposit.State], eventID func(int) string) ([]deposit.Event, error) {
			decide.EventID = eventID
			events, err := deposit.DecideReview(b.state, decide, b.posted())
			return makeOf(&made, deposits, b.state, b.posted(), b.state.Clone, itemOfDeposit, events, err)
		})
	case payout.Category:
		result, err = record(ctx, r.store, stream, withBook(payouts), c.message(), func(b booked[payout.State], eventID func(int) string) ([]payout.Event, error) {
			decide.EventID = eventID
			events, err := payout.DecideReview(b.state, decide, b.posted())
			return makeOf(&made, payouts, b.state, b.posted(), b.state.Clone, itemOfPayout, events, err)
		})
	default:
		return Decision{}, review.ErrNoItem
	}
	return made.decision(result), err
}

// ReverseItem records that a person undoes the decision about an item.
func (r *Recorder) ReverseItem(ctx context.Context, stream eventstore.StreamName, reverse review.Reverse, isDryRun bool, c Command) (Decision, error) {
	reverse.By = c.Actor
	made := making{item: reverse.Item, isDryRun: isDryRun}
	var result Result
	var err error
	switch stream.Category() {
	case order.Category:
		result, err = r.claiming(ctx, stream, c.message(), isDryRun, func(state order.State, claims order.Claims, _ func(int) string) ([]order.Event, error) {
			events, err := order.DecideReverse(state, order.ReverseItem{Reverse: reverse, Claims: claims})
			return makeOf(&made, orders, state, claims.Book, state.Clone, itemOfOrder, events, err)
		})
	case deposit.Category:
		result, err = record(ctx, r.store, stream, withBook(deposits), c.message(), func(b booked[deposit.State], _ func(int) string) ([]deposit.Event, error) {
			events, err := deposit.DecideReverse(b.state, reverse, b.posted())
			return makeOf(&made, deposits, b.state, b.posted(), b.state.Clone, itemOfDeposit, events, err)
		})
	case payout.Category:
		result, err = record(ctx, r.store, stream, withBook(payouts), c.message(), func(b booked[payout.State], _ func(int) string) ([]payout.Event, error) {
			events, err := payout.DecideReverse(b.state, reverse, b.posted())
			return makeOf(&made, payouts, b.state, b.posted(), b.state.Clone, itemOfPayout, events, err)
		})
	default:
		return Decision{}, review.ErrNoItem
	}
	return made.decision(result), err
}

// making collects what a command about an item comes to, on the state that it was decided
// on.
type making struct {
	item     string
	round    int
	isDryRun bool
	outcome  Outcome
	after    review.Item
	lines    []review.Line
}

func (m *making) decision(result Result) Decision {
	result.Outcome = m.outcome
	return Decision{Result: result, Item: m.after, Lines: m.lines}
}

// makeOf notes what the events of a command come to, and leaves them out of a dry run.
func makeOf[S any, E codec.Event](m *making, a aggregate[S, E], state S, book review.Book, clone func() S, itemOf func(S, string) review.Item, events []E, err error) ([]E, error) {
	if err != nil {
		return nil, err
	}
	m.outcome = outcomeOf(events)
	after := clone()
	for _, event := range events {
		after = a.evolve(after, event)
	}
	if m.lines, err = linesOf(events); err != nil {
		return nil, err
	}
	m.after = itemOf(after, m.item)
	if len(events) == 0 && book != nil {
		for _, r := range m.after.Rounds {
			if r.Number == m.round {
				m.lines = book.By(r.ID)
			}
		}
	}
	if m.isDryRun {
		events = nil
	}
	return events, nil
}

// linesOf returns what events post together.
func linesOf[E codec.Event](events []E) ([]review.Line, error) {
	var entries []ledger.Entry
	for _, event := range events {
		entry, err := ledger.Post(event)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return ledger.Net(entries...)
}

func itemOfOrder(s order.State, id string) review.Item     { return s.Items[id].Review() }
func itemOfDeposit(s deposit.State, id string) review.Item { return s.Items[id].Review() }
func itemOfPayout(s payout.State, id string) review.Item   { return s.Items[id].Review() }
