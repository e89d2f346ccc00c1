package money

import (
	"fmt"
	"math/big"
)

// Times returns the amount n times, which is not negative.
func (a Amount) Times(n int) (Amount, error) {
	if n < 0 || a.Sign() < 0 {
		return Amount{}, fmt.Errorf("%s %d times: negative", a, n)
	}
	units := a.integer()
	return a.withInteger(units.Mul(units, big.NewInt(int64(n)))), nil
}
