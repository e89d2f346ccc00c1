package verify

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"daybook/domain/money"
)

// errAmount says that a text is no amount of its currency.
var errAmount = errors.New("not an amount of its currency at its scale")

// units is an exact number of a currency's smallest units. How many decimals a
// currency has is all that is asked of package money: the arithmetic here is
// math/big, and that of the read models is another.
type units struct {
	currency string
	n        big.Int
}

// smallDigits is a number of digits that an int64 always holds.
const smallDigits = 18

// parse reads decimal text that has exactly the currency's decimals.
func (u *units) parse(a amount) error {
	scale, err := money.Currency(a.Currency).Scale()
	if err != nil {
		return err
	}
	digits, negative := strings.CutPrefix(a.Amount, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	switch {
	case len(fraction) != scale, pointed != (scale > 0):
	case whole == "", len(whole) > 1 && whole[0] == '0', len(whole)+scale > money.MaxDigits:
	case !isDigits(whole), !isDigits(fraction):
	default:
		u.currency = a.Currency
		u.set(whole, fraction)
		if !negative {
			return nil
		}
		if u.n.Sign() != 0 { // minus zero is not written
			u.n.Neg(&u.n)
			return nil
		}
	}
	return fmt.Errorf("%w: %.40q of %.10q", errAmount, a.Amount, a.Currency)
}

func (u *units) set(whole, fraction string) {
	if len(whole)+len(fraction) > smallDigits {
		u.n.SetString(whole+fraction, 10)
		return
	}
	var n int64
	for _, part := range [...]string{whole, fraction} {
		for i := range len(part) {
			n = n*10 + int64(part[i]-'0')
		}
	}
	u.n.SetInt64(n)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// decimal writes a number of units as decimal text of a currency.
func decimal(currency string, n *big.Int) string { return string(appendAmount(nil, currency, n)) }

// appendAmount appends what decimal writes.
func appendAmount(b []byte, currency string, n *big.Int) []byte {
	scale, err := money.Currency(currency).Scale()
	if err != nil {
		return append(n.Append(b, 10), " units"...) // cannot be: it was read
	}
	return appendDecimal(b, n, scale)
}

func appendDecimal(b []byte, n *big.Int, scale int) []byte {
	start := len(b)
	if n.Sign() < 0 {
		start++ // behind the sign
	}
	if n.IsInt64() {
		b = strconv.AppendInt(b, n.Int64(), 10)
	} else {
		b = n.Append(b, 10)
	}
	if scale == 0 {
		return b
	}
	for len(b)-start <= scale { // a digit before the point, at least
		b = append(b[:start], append([]byte{'0'}, b[start:]...)...)
	}
	point := len(b) - scale
	b = append(b, 0)
	copy(b[point+1:], b[point:])
	b[point] = '.'
	return b
}
