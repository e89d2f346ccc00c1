// Package money has exact amounts of a currency. An amount is decimal text at
// its currency's fixed scale, never a binary fraction and never rounded: what
// cannot be written exactly is an error. It knows neither payments nor rates.
package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// MaxDigits bounds one amount that comes from outside, fraction included. Sums
// may be longer: 30 digits are enough for any payment, and a total must not
// fail because it is large.
const MaxDigits = 30

// ErrUnreadable is wrapped by every error of reading an amount.
var ErrUnreadable = errors.New("unreadable amount")

// Amount is an amount of one currency. It is immutable and comparable: equal
// amounts are ==. The zero value is no amount of no currency.
type Amount struct {
	currency Currency
	decimal  string // canonical: optional minus, no leading zeros, exactly the scale's digits behind the point
}

// Currency returns the currency.
func (a Amount) Currency() Currency { return a.currency }

// Decimal returns the amount as decimal text at the currency's scale: "12.53".
func (a Amount) Decimal() string { return a.decimal }

// String returns decimal and currency: "12.53 USD".
func (a Amount) String() string { return a.decimal + " " + string(a.currency) }

// IsZero reports whether a is the zero value: no amount, as opposed to 0.00.
func (a Amount) IsZero() bool { return a.currency == "" }

// Optional returns a pointer to a, or nil for the zero value: an amount that is
// left out of JSON where there is none.
func (a Amount) Optional() *Amount {
	if a.IsZero() {
		return nil
	}
	return &a
}

// Sign returns -1, 0 or +1.
func (a Amount) Sign() int {
	switch {
	case strings.HasPrefix(a.decimal, "-"):
		return -1
	case strings.Trim(a.decimal, "0.") == "":
		return 0
	}
	return 1
}

// Neg returns -a.
func (a Amount) Neg() Amount {
	switch a.Sign() {
	case -1:
		return Amount{a.currency, a.decimal[1:]}
	case 1:
		return Amount{a.currency, "-" + a.decimal}
	}
	return a
}

// Add returns a+b. Adding to the zero value gives the other amount; two
// currencies are an error, because there is no implicit conversion.
func (a Amount) Add(b Amount) (Amount, error) {
	switch {
	case a.IsZero():
		return b, nil
	case b.IsZero():
		return a, nil
	case a.currency != b.currency:
		return Amount{}, fmt.Errorf("add %s to %s: different currencies", b.currency, a.currency)
	}
	if sum, ok := a.addUnits(b); ok {
		return sum, nil
	}
	var x, y, sum apd.Decimal
	if _, _, err := x.SetString(a.decimal); err != nil {
		return Amount{}, fmt.Errorf("add %s: %w", a, err)
	}
	if _, _, err := y.SetString(b.decimal); err != nil {
		return Amount{}, fmt.Errorf("add %s: %w", b, err)
	}
	// Precision 0 means that nothing is rounded.
	if _, err := apd.BaseContext.Add(&sum, &x, &y); err != nil {
		return Amount{}, fmt.Errorf("add %s to %s: %w", b, a, err)
	}
	return Amount{a.currency, plain(&sum)}, nil
}

// addUnits adds amounts whose units and their sum fit into 64 bits, as nearly all
// do.
func (a Amount) addUnits(b Amount) (sum Amount, ok bool) {
	x, fits := a.units()
	y, fit := b.units()
	if !fits || !fit {
		return Amount{}, false
	}
	whole := strconv.FormatInt(x+y, 10) // of two numbers of 18 digits
	sign := ""
	if x+y < 0 {
		sign, whole = "-", whole[1:]
	}
	_, fraction, hasPoint := strings.Cut(a.decimal, ".")
	if hasPoint {
		whole = pointed(whole, len(fraction))
	}
	return Amount{a.currency, sign + whole}, true
}

// units returns the amount as a number of its smallest unit, if that has at most
// 18 digits.
func (a Amount) units() (n int64, ok bool) {
	if len(a.decimal) > 18 {
		return 0, false
	}
	for i := range len(a.decimal) {
		if c := a.decimal[i]; '0' <= c && c <= '9' {
			n = n*10 + int64(c-'0')
		}
	}
	if a.decimal[0] == '-' {
		n = -n
	}
	return n, true
}

// Sub returns a-b.
func (a Amount) Sub(b Amount) (Amount, error) { return a.Add(b.Neg()) }

// Zero returns 0 at the currency's scale.
func Zero(currency Currency) Amount {
	scale, _ := currency.Scale()
	return Amount{currency, plain(apd.New(0, -int32(scale)))}
}

// plain writes d without exponent; minus zero, which amounts do not know,
// loses its sign.
func plain(d *apd.Decimal) string {
	if d.IsZero() {
		d.Negative = false
	}
	return d.Text('f')
}
