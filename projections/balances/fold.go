package balances

import (
	"fmt"
	"time"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
)

// Change is what an event does to what one user has. Of Available and Pending
// one is the zero value; a change of Available is an entry.
type Change struct {
	User       string
	Available  money.Amount
	Pending    money.Amount
	Payment    ident.Payment
	OccurredAt time.Time
}

// Fold returns the changes of an event, none for most types. It depends on
// the event alone. Amounts add up: a user's balance is the sum of the changes
// of all events, in any order.
func Fold(event codec.Event) ([]Change, error) {
	posting, err := ledger.Post(event)
	if err != nil {
		return nil, err
	}
	var changes []Change
	if pending, changed := foldPending(event); changed {
		changes = append(changes, pending)
	}
	for _, line := range posting {
		user, isUser := line.Account.User()
		if !isUser {
			continue
		}
		change, err := subject(event)
		if err != nil {
			return nil, err
		}
		// A credit, which is negative, is owed to the user.
		change.User, change.Available = user, line.Amount.Neg()
		changes = append(changes, change)
	}
	return changes, nil
}

// foldPending returns what an event adds to or takes from what is pending.
func foldPending(event codec.Event) (Change, bool) {
	switch e := event.(type) {
	case order.PaymentReceived:
		return Change{User: e.User, Pending: e.Amount, Payment: e.Payment, OccurredAt: e.OccurredAt}, true
	case order.PaymentVerified:
		return Change{User: e.User, Pending: e.Amount.Neg(), Payment: e.Payment, OccurredAt: e.OccurredAt}, true
	case order.PaymentRefuted:
		return Change{User: e.User, Pending: e.Amount.Neg(), Payment: e.Payment, OccurredAt: e.OccurredAt}, true
	case deposit.DepositReceived:
		return Change{User: e.User, Pending: e.Amount, Payment: e.Payment, OccurredAt: e.OccurredAt}, true
	case deposit.DepositVerified:
		return Change{User: e.User, Pending: e.Amount.Neg(), Payment: e.Payment, OccurredAt: e.OccurredAt}, true
	}
	return Change{}, false
}

// subject returns which payment an entry is about, and when it happened.
func subject(event codec.Event) (Change, error) {
	switch e := event.(type) {
	case order.PaymentVerified:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case order.PaymentReleased:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case order.MispaymentCredited:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case order.PaymentRefunded:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case deposit.DepositVerified:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case deposit.DepositReleased:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	}
	return Change{}, fmt.Errorf("%w: %s posts to a user, and the payment is not known", codec.ErrUnknown, event.EventType())
}
