package fact

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"daybook/domain/money"
)

// AppendDecimal appends units as decimal text with so many digits behind the
// point, which is the text of money.Amount.
func AppendDecimal(b []byte, units *apd.BigInt, scale int) []byte {
	from := len(b)
	if units.IsInt64() {
		b = strconv.AppendInt(b, units.Int64(), 10)
	} else {
		b = units.Append(b, 10)
	}
	if scale == 0 {
		return b
	}
	digits := from
	if b[from] == '-' {
		digits++
	}
	for missing := scale + 1 - (len(b) - digits); missing > 0; missing-- {
		b = append(b, 0)
		copy(b[digits+1:], b[digits:])
		b[digits] = '0'
	}
	point := len(b) - scale
	b = append(b, 0)
	copy(b[point+1:], b[point:])
	b[point] = '.'
	return b
}

// ParseSum reads the decimal text of a sum, which may be longer than that of
// one amount may be.
func ParseSum(units *apd.BigInt, currency money.Currency, decimal string) error {
	if ParseUnits(units, []byte(currency), []byte(decimal)) {
		return nil
	}
	scale, err := currency.Scale()
	if err != nil {
		return err
	}
	if _, ok := units.SetString(strings.Replace(decimal, ".", "", 1), 10); ok && string(AppendDecimal(nil, units, scale)) == decimal {
		return nil
	}
	return fmt.Errorf("%w: %.60q is not a sum of %s at its scale", money.ErrUnreadable, decimal, currency)
}

// AmountOfSum returns the amount of which decimal is the text.
func AmountOfSum(currency money.Currency, decimal string) (money.Amount, error) {
	if amount, err := money.Parse(currency, decimal); err == nil && amount.Decimal() == decimal {
		return amount, nil
	}
	var units apd.BigInt
	if err := ParseSum(&units, currency, decimal); err != nil {
		return money.Amount{}, err
	}
	return AmountOf(currency, &units)
}
