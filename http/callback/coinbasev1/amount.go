package coinbasev1

import (
	"daybook/domain/money"
)

// amount reads an amount in smallest units. What is missing, cannot be read or
// is less than nothing is the zero value.
func (c cents) amount() money.Amount {
	return natural(money.ParseCents(money.Currency(c.Currency.Text), c.Cents.Text))
}

// amount reads an amount in units, likewise.
func (d decimal) amount() money.Amount {
	return natural(money.Parse(money.Currency(d.Currency.Text), d.Amount.Text))
}

func natural(amount money.Amount, err error) money.Amount {
	if err != nil || amount.Sign() < 0 {
		return money.Amount{}
	}
	return amount
}
