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
	Item  review.Item   // after it; with an error, as it stands
	Lines []review.Line // that the command posts; of a repetition, that the first has posted
}

// DecideItem records what a person decides about an item of a stream. The same decision
// of a round is recorded once. A dry run decides the same and records nothing.
func (r *Recorder) DecideItem(ctx context.Context, stream eventstore.StreamName, decide review.Decide, isDryRun bool, c Command) (Decision, error) {
	decide.By = c.Actor
	made := itemResult{item: decide.Item, round: decide.Round, isDryRun: isDryRun}
	var result Result
	var err error
	switch stream.Category() {
	case order.Category:
		result, err = r.withClaims(ctx, stream, c.message(), isDryRun, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
			decide.EventID = eventID
			events, err := order.DecideReview(state, order.DecideItem{Decide: decide, Claims: claims})
			return finish(&made, reviewedOrders, state, claims.Book, events, err)
		})
	case deposit.Category:
		result, err = recordItem(ctx, r.store, stream, reviewedDeposits, &made, c, func(state deposit.State, book review.Book, eventID func(int) string) ([]deposit.Event, error) {
			decide.EventID = eventID
			return deposit.DecideReview(state, decide, book)
		})
	case payout.Category:
		result, err = recordItem(ctx, r.store, stream, reviewedPayouts, &made, c, func(state payout.State, book review.Book, eventID func(int) string) ([]payout.Event, error) {
			decide.EventID = eventID
			return payout.DecideReview(state, decide, book)
		})
	default:
		return Decision{}, review.ErrNoItem
	}
	return made.decision(result), err
}

// ReverseItem records that a person undoes the decision about an item.
func (r *Recorder) ReverseItem(ctx context.Context, stream eventstore.StreamName, reverse review.Reverse, isDryRun bool, c Command) (Decision, error) {
	reverse.By = c.Actor
	made := itemResult{item: reverse.Item, round: reverse.Round, isReversal: true, isDryRun: isDryRun}
	var result Result
	var err error
	switch stream.Category() {
	case order.Category:
		result, err = r.withClaims(ctx, stream, c.message(), isDryRun, func(state order.State, claims order.Claims, _ func(int) string) ([]order.Event, error) {
			events, err := order.DecideReverse(state, order.ReverseItem{Reverse: reverse, Claims: claims})
			return finish(&made, reviewedOrders, state, claims.Book, events, err)
		})
	case deposit.Category:
		result, err = recordItem(ctx, r.store, stream, reviewedDeposits, &made, c, func(state deposit.State, book review.Book, _ func(int) string) ([]deposit.Event, error) {
			return deposit.DecideReverse(state, reverse, book)
		})
	case payout.Category:
		result, err = recordItem(ctx, r.store, stream, reviewedPayouts, &made, c, func(state payout.State, book review.Book, _ func(int) string) ([]payout.Event, error) {
			return payout.DecideReverse(state, reverse, book)
		})
	default:
		return Decision{}, review.ErrNoItem
	}
	return made.decision(result), err
}

// reviewed is an aggregate whose streams have items.
type reviewed[S any, E codec.Event] struct {
	aggregate[S, E]
	clone func(S) S
	item  func(S, string) (item review.Item, known bool)
}

var (
	reviewedOrders = reviewed[order.State, order.Event]{orders, order.State.Clone, func(s order.State, id string) (review.Item, bool) {
		i, known := s.Items[id]
		return i.Item, known
	}}
	reviewedDeposits = reviewed[deposit.State, deposit.Event]{deposits, deposit.State.Clone, func(s deposit.State, id string) (review.Item, bool) {
		i, known := s.Items[id]
		return i.Item, known
	}}
	reviewedPayouts = reviewed[payout.State, payout.Event]{payouts, payout.State.Clone, func(s payout.State, id string) (review.Item, bool) {
		i, known := s.Items[id]
		return i.Item, known
	}}
)

// recordItem records a command about an item of an address or a payout, which asks no other
// stream.
func recordItem[S any, E codec.Event](ctx context.Context, store eventstore.Store, stream eventstore.StreamName, a reviewed[S, E], made *itemResult, c Command,
	decide func(state S, book review.Book, eventID func(int) string) ([]E, error)) (Result, error) {
	return record(ctx, store, stream, withBook(a.aggregate), c.message(), func(b booked[S], eventID func(int) string) ([]E, error) {
		if b.err != nil {
			return nil, b.err
		}
		book := b.posted()
		events, err := decide(b.state, book, eventID)
		return finish(made, a, b.state, book, events, err)
	})
}

// itemResult collects what a command about an item comes to, on the state that it was decided
// on.
type itemResult struct {
	item       string
	round      int
	isDryRun   bool
	isReversal bool
	outcome    Outcome
	after      review.Item
	lines      []review.Line
}

func (m *itemResult) decision(result Result) Decision {
	result.Outcome = m.outcome
	return Decision{Result: result, Item: m.after, Lines: m.lines}
}

// finish notes what the events of a command come to, and leaves them out of a dry run. Of
// one that fails it notes the item as it stands.
func finish[S any, E codec.Event](m *itemResult, a reviewed[S, E], state S, book review.Book, events []E, err error) ([]E, error) {
	if err != nil {
		m.after, _ = a.item(state, m.item)
		return nil, err
	}
	m.outcome = outcomeOf(events)
	after := a.clone(state)
	for _, event := range events {
		after = a.evolve(after, event)
	}
	if m.lines, err = linesOf(events); err != nil {
		return nil, err
	}
	m.after, _ = a.item(after, m.item)
	if len(events) == 0 {
		if r := m.after.Decided(m.round); r != nil {
			m.lines = book.By(r.ID)
		}
		if m.isReversal {
			m.lines = review.Opposite(m.lines)
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
