package money

import (
	"fmt"
	"math/big"
	"strings"
)

// Portion returns the share of a that part is of whole, rounded down at a's scale. Part and
// whole are of one currency, which may be another than a's, and are not negative.
func (a Amount) Portion(part, whole Amount) (Amount, error) {
	if part.currency != whole.currency || whole.Sign() <= 0 || part.Sign() < 0 || a.Sign() < 0 {
		return Amount{}, fmt.Errorf("share %s as %s of %s: not a share", a, part, whole)
	}
	n, p, w := a.integer(), part.integer(), whole.integer()
	n.Mul(n, p).Quo(n, w)
	return a.withInteger(n), nil
}

// integer returns the amount as a number of its smallest unit.
func (a Amount) integer() *big.Int {
	n, _ := new(big.Int).SetString(strings.Replace(a.decimal, ".", "", 1), 10)
	return n
}

func (a Amount) withInteger(n *big.Int) Amount {
	_, fraction, hasPoint := strings.Cut(a.decimal, ".")
	digits := n.String()
	if hasPoint {
		digits = pointed(digits, len(fraction))
	}
	return Amount{a.currency, digits}
}
