package coinbase

import (
	"fmt"

	"daybook/domain/money"
)

var errDecimal = fmt.Errorf("an amount is not decimal text of at most %d digits", money.MaxDigits)

func decimals(all ...string) error {
	for _, text := range all {
		if text != "" && !isDecimal(text) {
			return errDecimal
		}
	}
	return nil
}

// isDecimal reports whether text is digits with at most one point between them.
func isDecimal(text string) bool {
	if len(text) > money.MaxDigits+1 {
		return false
	}
	digits, points := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && i > 0 && i < len(text)-1:
			points++
		default:
			return false
		}
	}
	return digits > 0 && digits <= money.MaxDigits && points <= 1
}
