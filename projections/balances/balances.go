// Package balances is the read model of what each user has: available, from
// the postings on the user's account, and pending, from payments that were
// received and neither verified nor refuted. It knows no order's state.
// It is a fold of the entries that ledger.Post returns.
package balances

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/eventstore"
)

// Name is the projection's name.
const Name = "balances"

// FoldVersion is the number of the meaning that the fold gives to events.
const FoldVersion = 1

// MaxPage is the largest number of entries in a page.
const MaxPage = 1000

// Balance is what a user has at a position of the log.
type Balance struct {
	User       string
	Currencies []Currency          // sorted by code; empty for an unknown user
	Changed    eventstore.Position // of the last event that changed it; 0 for an unknown user
	Position   eventstore.Position // the projection's
}

// Currency is what a user has of one currency.
type Currency struct {
	Currency  money.Currency
	Available money.Amount // may be negative
	Pending   money.Amount
}

// Entry is one change of what a user has available.
type Entry struct {
	Number     uint64 // of the user's entries, from 1, without gaps
	Position   eventstore.Position
	Stream     eventstore.StreamName
	Type       string        // of the event
	Payment    ident.Payment // the money it is about
	Amount     money.Amount  // signed
	Balance    money.Amount  // available of its currency after it
	OccurredAt time.Time     // as the sender says; zero if that is not known
	RecordedAt time.Time
	By         string // the person who has decided or sent it; empty if none has
	Note       string // of that person
}

// Page is a part of a user's entries.
type Page struct {
	Entries  []Entry
	Next     uint64              // continues with the next page; 0 when there is none
	Position eventstore.Position // the projection's
}
