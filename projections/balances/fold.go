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
	if user, pending, changed := ledger.Pending(event); changed {
		change, err := subject(event)
		if err != nil {
			return nil, err
		}
		change.User, change.Pending = user, pending
		changes = append(changes, change)
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

// subject returns which payment a change is about, and when it happened.
func subject(event codec.Event) (Change, error) {
	switch e := event.(type) {
	case order.PaymentReceived:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case order.PaymentRefuted:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
	case deposit.DepositReceived:
		return Change{Payment: e.Payment, OccurredAt: e.OccurredAt}, nil
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
	return Change{}, fmt.Errorf("%w: %s changes what a user has, and the payment is not known", codec.ErrUnknown, event.EventType())
}
