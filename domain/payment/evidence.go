package payment

import "daybook/domain/money"

// Evidence is why a payment is believed: by what means it was seen, and what
// they said. It is written into events.
type Evidence struct {
	Method string `json:"method"` // coinbase-callback
	Status string `json:"status"` // completed
}

// ClosedHold is a hold that a credit settles, as events name it. Amount is
// what the hold had put into suspense, and is left out where that was nothing.
type ClosedHold struct {
	Hold   string        `json:"hold"`
	Amount *money.Amount `json:"amount,omitzero"`
}

// Closed names holds for an event.
func Closed(holds []HeldReport) []ClosedHold {
	var closed []ClosedHold
	for _, h := range holds {
		c := ClosedHold{Hold: h.ID}
		if h.Arrived {
			c.Amount = h.Amount.Optional()
		}
		closed = append(closed, c)
	}
	return closed
}
