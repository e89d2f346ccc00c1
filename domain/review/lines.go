package review

import (
	"fmt"

	"daybook/domain/money"
)

// Line is one side of a posting: a debit is positive, a credit negative.
type Line struct {
	Account string       `json:"account"`
	Amount  money.Amount `json:"amount"`
}

// Opposite returns the lines with the other sign.
func Opposite(lines []Line) []Line {
	var opposite []Line
	for _, l := range lines {
		opposite = append(opposite, Line{l.Account, l.Amount.Neg()})
	}
	return opposite
}

// Share returns the debits that take an amount from those who have a payment, in turn.
// Lines of another currency have no part in it.
func Share(holders []Line, amount money.Amount) ([]Line, error) {
	var from []Line
	for _, h := range holders {
		if amount.Sign() <= 0 {
			break
		}
		if h.Amount.Sign() >= 0 || h.Amount.Currency() != amount.Currency() {
			continue
		}
		has := h.Amount.Neg()
		rest, err := amount.Sub(has)
		if err != nil {
			return nil, err
		}
		if rest.Sign() < 0 {
			has, rest = amount, money.Zero(amount.Currency())
		}
		from, amount = append(from, Line{Account: h.Account, Amount: has}), rest
	}
	if amount.Sign() > 0 {
		return nil, fmt.Errorf("%s more than those who have the payment can give", amount)
	}
	return from, nil
}
