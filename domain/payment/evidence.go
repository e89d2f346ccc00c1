package payment

import (
	"time"

	"daybook/domain/money"
)

// Evidence is why a payment is believed: by what means it was seen, and what
// they said. It is written into events.
type Evidence struct {
	Method string `json:"method"` // coinbase-callback
	Status string `json:"status"` // completed

	// Of an answer of the provider.
	Transfer *Transfer `json:"transfer,omitzero"` // as it was shown
	At       time.Time `json:"at,omitzero"`       // when it answered
}

// ClosedHold is a hold that a credit settles, as events name it. Amount is
// what the hold had put into suspense, and is left out where that was nothing.
type ClosedHold struct {
	Hold   string        `json:"hold"`
	Amount *money.Amount `json:"amount,omitzero"`
	Fee    *money.Amount `json:"fee,omitzero"` // that was posted with it
}

// Closed names holds for an event.
func Closed(holds []HeldReport) []ClosedHold {
	var closed []ClosedHold
	for _, h := range holds {
		c := ClosedHold{Hold: h.ID}
		if h.Arrived {
			c.Amount = h.Amount.Optional()
			if h.Transfer != nil {
				c.Fee = h.Transfer.Fee.Optional()
			}
		}
		closed = append(closed, c)
	}
	return closed
}
