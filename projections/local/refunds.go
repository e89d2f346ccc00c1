package local

import (
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/review"
)

// Unsent is the reason of a refund that a person has decided, and that is neither sent nor
// withdrawn.
const Unsent = "unsent"

// Refunds is the list of refunds that people have decided, until they are sent or
// withdrawn. Each reserves money. Its keys are the refund's stream and id.
var Refunds = Worklist{
	Name:    "refunds",
	Version: 1,
	Names: []codec.Event{
		order.RefundDecided{}, order.RefundWithdrawn{}, order.PaymentRefunded{}, order.RefundHeld{},
		deposit.RefundDecided{}, deposit.RefundWithdrawn{}, deposit.DepositRefunded{},
	},
	Fold: foldRefunds,
}

type unsentDetails struct {
	Refund string       `json:"refund"`
	Item   string       `json:"item,omitzero"` // that it is of, if it is no refund of an order
	Amount money.Amount `json:"amount"`
	By     string       `json:"by"`
}

func foldRefunds(event Event) []Change {
	key := func(refund string) string { return string(event.Stream) + " " + ident.Escape(refund) }
	open := func(r review.RefundDecided) []Change {
		return []Change{Open(key(r.Refund), Item{
			Reason: Unsent, Payment: r.Payment, Details: details(unsentDetails{r.Refund, r.Item, r.Amount, r.By}),
		})}
	}
	ended := func(refund string) []Change {
		if refund == "" {
			return nil // that no person has decided
		}
		return []Change{Close(key(refund))}
	}
	switch e := event.Event.(type) {
	case order.RefundDecided:
		return open(review.RefundDecided(e))
	case deposit.RefundDecided:
		return open(review.RefundDecided(e))
	case order.RefundWithdrawn:
		return ended(e.Refund)
	case deposit.RefundWithdrawn:
		return ended(e.Refund)
	case order.PaymentRefunded:
		return ended(e.Refund)
	case deposit.DepositRefunded:
		return ended(e.Refund)
	case order.RefundHeld:
		if e.Posted {
			return ended(e.Refund) // it was sent, and is more than the payment had left
		}
	}
	return nil
}
