package fact

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"daybook/domain/money"
)

// int64Digits is a number of digits that always fits.
const int64Digits = 18

// ParseUnits reads the decimal text of an amount at its currency's scale into
// units. It accepts no other text for the amount than money.Amount has.
func ParseUnits(units *apd.BigInt, currency, decimal []byte) bool {
	scale, err := money.Currency(currency).Scale()
	if err != nil {
		return false
	}
	digits := decimal
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	whole := len(digits)
	if scale > 0 {
		whole -= scale + 1
	}
	if whole < 1 || whole > 1 && digits[0] == '0' || whole+scale > money.MaxDigits {
		return false
	}
	var n int64 // of no use for a long number
	for i, c := range digits {
		switch {
		case '0' <= c && c <= '9' && i != whole:
			n = n*10 + int64(c-'0')
		case c != '.' || i != whole:
			return false
		}
	}
	if whole+scale <= int64Digits {
		units.SetInt64(n)
	} else {
		units.SetString(strings.Replace(string(digits), ".", "", 1), 10)
	}
	if negative {
		if units.Sign() == 0 {
			return false
		}
		units.Neg(units)
	}
	return true
}

// AmountOf returns units as an amount.
func AmountOf(currency money.Currency, units *apd.BigInt) (money.Amount, error) {
	scale, err := currency.Scale()
	if err != nil {
		return money.Amount{}, err
	}
	text := apd.NewWithBigInt(new(apd.BigInt).Set(units), -int32(scale)).Text('f')
	amount, err := money.Parse(currency, text)
	if err == nil {
		return amount, nil
	}
	// It has more digits than can be read, though not more than an amount may
	// have: it is put together from two halves.
	if units.BitLen() < 2 {
		return money.Amount{}, fmt.Errorf("%s units of %s: %w", units, currency, err)
	}
	var half apd.BigInt
	sum, err := AmountOf(currency, half.Rsh(units, 1))
	if err != nil {
		return money.Amount{}, err
	}
	if sum, err = sum.Add(sum); err != nil || units.Bit(0) == 0 {
		return sum, err
	}
	unit, err := AmountOf(currency, apd.NewBigInt(1))
	if err != nil {
		return money.Amount{}, err
	}
	return sum.Add(unit)
}
