package money

import (
	"fmt"
	"math"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// maxTextBytes and maxExponent bound a number before it is built: the value of
// 1e999999999 has a billion digits, its text ten bytes.
const (
	maxTextBytes = 64
	maxExponent  = 64
)

// Parse reads a decimal number of a currency's units, such as "12.53" or
// "1.2e1": digits with at most one point, an optional minus and an optional
// exponent, as JSON writes numbers. Digits behind the currency's scale must be
// zeros.
func Parse(currency Currency, text string) (Amount, error) {
	if isCanonical(currency, text) {
		return Amount{currency, text}, nil
	}
	return read(currency, text, 0)
}

// ParseSum reads the decimal text of a sum, which may have more digits than one
// amount. It accepts no other text than Amount.Decimal returns.
func ParseSum(currency Currency, decimal string) (Amount, error) {
	if isDecimal(currency, decimal, math.MaxInt) {
		return Amount{currency, decimal}, nil
	}
	return Amount{}, fmt.Errorf("%w: %.60q is not a sum of %.10q at its scale", ErrUnreadable, decimal, string(currency))
}

// ParseCents reads a whole number of the currency's smallest units, as
// the callbacks of Coinbase's merchant API state amounts in their member
// "cents". They mean satoshi for BTC and hundredths for a currency of two
// decimals; for any other currency the documentation does not say what they
// mean, and the amount is unreadable. A fraction of zeros, as in "5600.0", is
// part of real payloads.
func ParseCents(currency Currency, text string) (Amount, error) {
	scale, err := currency.Scale()
	if err != nil {
		return Amount{}, err
	}
	if currency != "BTC" && (scale != 2 || !currency.IsNational()) {
		return Amount{}, fmt.Errorf("%w: cents of %s are not documented", ErrUnreadable, currency)
	}
	if isNumber(text) && digits(text) == len(text) && len(text) <= MaxDigits {
		return Amount{currency, pointed(text, scale)}, nil // nearly every amount there is
	}
	return read(currency, text, -int32(scale))
}

// pointed puts the point before the last decimals of a whole number.
func pointed(whole string, decimals int) string {
	if missing := decimals + 1 - len(whole); missing > 0 {
		whole = strings.Repeat("0", missing) + whole
	}
	point := len(whole) - decimals
	return whole[:point] + "." + whole[point:]
}

// read builds an amount from text times ten to the power of shift.
func read(currency Currency, text string, shift int32) (Amount, error) {
	scale, err := currency.Scale()
	if err != nil {
		return Amount{}, err
	}
	if !isNumber(text) {
		return Amount{}, fmt.Errorf("%w: not a number of at most %d bytes", ErrUnreadable, maxTextBytes)
	}
	var d apd.Decimal
	if _, _, err := d.SetString(text); err != nil {
		return Amount{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if d.Exponent > maxExponent || d.Exponent < -maxExponent {
		return Amount{}, fmt.Errorf("%w: exponent %d", ErrUnreadable, d.Exponent)
	}
	d.Exponent += shift
	return atScale(currency, &d, int32(scale))
}

// atScale writes d with exactly scale digits behind the point, or fails where
// that would change its value or need more than MaxDigits.
func atScale(currency Currency, d *apd.Decimal, scale int32) (Amount, error) {
	exact := apd.BaseContext.WithPrecision(maxTextBytes + 2*maxExponent)
	exact.Traps = apd.DefaultTraps | apd.Inexact
	var scaled apd.Decimal
	if _, err := exact.Quantize(&scaled, d, -scale); err != nil {
		return Amount{}, fmt.Errorf("%w: not exact in %d decimals of %s", ErrUnreadable, scale, currency)
	}
	if digits := scaled.NumDigits(); digits > MaxDigits {
		return Amount{}, fmt.Errorf("%w: %d digits, at most %d", ErrUnreadable, digits, MaxDigits)
	}
	return Amount{currency, plain(&scaled)}, nil
}

// isNumber is the grammar of JSON numbers (RFC 8259, section 6) within the
// length that is ever read.
func isNumber(text string) bool {
	if len(text) > maxTextBytes {
		return false
	}
	rest := text
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	}
	whole := digits(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[whole:]
	if len(rest) > 0 && rest[0] == '.' {
		fraction := digits(rest[1:])
		if fraction == 0 {
			return false
		}
		rest = rest[1+fraction:]
	}
	if len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		exponent := digits(rest)
		if exponent == 0 {
			return false
		}
		rest = rest[exponent:]
	}
	return rest == ""
}

// digits counts the leading decimal digits of text.
func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}
