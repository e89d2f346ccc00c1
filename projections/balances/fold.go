package balances

import (
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/ledger"
)

// Change is what an event does to what one user has. A change of Available is an
// entry.
type Change struct {
	ledger.Change

	Payment    ident.Payment
	OccurredAt time.Time
}

// Fold returns the changes of an event, none for most types. It depends on the
// event alone. Amounts add up: a user's balance is the sum of the changes of all
// events, in any order.
func Fold(event codec.Event) ([]Change, error) {
	entry, err := ledger.Post(event)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, change := range entry.Changes() {
		changes = append(changes, Change{Change: change, Payment: entry.Payment, OccurredAt: entry.OccurredAt})
	}
	return changes, nil
}
