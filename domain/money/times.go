package money

import (
	"fmt"
	"math/big"
	"strings"
)

// Times returns the amount n times, which is not negative. It is one amount, and no sum.
func (a Amount) Times(n int) (Amount, error) {
	if n < 0 || a.Sign() < 0 {
		return Amount{}, fmt.Errorf("%s %d times: negative", a, n)
	}
	units := a.integer()
	product := a.withInteger(units.Mul(units, big.NewInt(int64(n))))
	if len(strings.Replace(product.decimal, ".", "", 1)) > MaxDigits {
		return Amount{}, fmt.Errorf("%s %d times: more than %d digits", a, n, MaxDigits)
	}
	return product, nil
}
