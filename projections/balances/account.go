package balances

import (
	"cmp"
	"fmt"
	"slices"

	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/follow"
)

// account is what one user has.
type account struct {
	currencies []Currency // sorted by code
	changed    eventstore.Position
	count      uint64 // of entries
}

// apply applies one change of a posting. Entry is the one that it adds, if it
// changes what is available.
func (a *account) apply(p *posting, change ledger.Change) (entry Entry, isEntry bool) {
	a.changed = p.event.Position
	c := a.currency(change.Currency())
	c.Pending = sum(c.Pending, change.Pending)
	if change.Available.IsZero() {
		return Entry{}, false
	}
	c.Available = sum(c.Available, change.Available)
	a.count++
	return Entry{
		Number: a.count, Position: p.event.Position, Stream: p.event.Stream, Type: p.event.Type,
		Payment: p.entry.Payment, Amount: change.Available, Balance: c.Available,
		OccurredAt: p.entry.OccurredAt, RecordedAt: p.event.RecordedAt,
		By: p.entry.By, Note: p.entry.Note,
	}, true
}

// currency returns what the user has of a currency.
func (a *account) currency(code money.Currency) *Currency {
	i, found := slices.BinarySearchFunc(a.currencies, code, func(c Currency, code money.Currency) int { return cmp.Compare(c.Currency, code) })
	if !found {
		a.currencies = slices.Insert(a.currencies, i, Currency{Currency: code, Available: money.Zero(code), Pending: money.Zero(code)})
	}
	return &a.currencies[i]
}

// sum adds amounts of one currency, which cannot fail.
func sum(a, b money.Amount) money.Amount {
	s, err := a.Add(b)
	if err != nil {
		panic(err)
	}
	return s
}

// posting is an event, and what it does to what users have.
type posting struct {
	event   *eventstore.Recorded
	entry   ledger.Entry
	changes []ledger.Change
}

// post returns the postings of events, without those that change nothing. They
// point to the events. An event that is not understood is an ErrCannotFold.
func post(events []eventstore.Recorded) ([]posting, error) {
	postings := make([]posting, 0, len(events))
	for i := range events {
		event, err := ledger.Decode(events[i])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		entry, err := ledger.Post(event)
		if err != nil {
			return nil, fmt.Errorf("%w: event %s at position %s: %w", follow.ErrCannotFold, events[i].ID, events[i].Position, err)
		}
		if changes := entry.Changes(); len(changes) > 0 {
			postings = append(postings, posting{&events[i], entry, changes})
		}
	}
	return postings, nil
}
