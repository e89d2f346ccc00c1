package ledger

import (
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/order"
)

// Pending returns how an event changes what is pending for a user: received,
// and neither verified nor refuted. It is shown beside the balance and is no
// posting. ok is false for events that change nothing.
func Pending(event codec.Event) (user string, change money.Amount, ok bool) {
	switch e := event.(type) {
	case order.PaymentReceived:
		return e.User, e.Amount, true
	case order.PaymentVerified:
		return e.User, e.Amount.Neg(), true
	case order.PaymentRefuted:
		return e.User, e.Amount.Neg(), true
	case deposit.DepositReceived:
		return e.User, e.Amount, true
	case deposit.DepositVerified:
		return e.User, e.Amount.Neg(), true
	}
	return "", money.Amount{}, false
}
