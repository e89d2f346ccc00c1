package verify

import (
	"fmt"
	"math/big"
)

// postSale posts a completed payout: what arrived at the bank and the fees,
// against what the provider gave up, which is bitcoin where some was moved for
// it and else the subtotal. What does not add up is a gain or loss of exchange.
func (f *fact) postSale() error {
	sold := f.said.Facts
	if sold == nil || sold.Total == nil || sold.Subtotal == nil {
		return fmt.Errorf("%w: total or subtotal is missing", errAmount)
	}
	given := sold.Subtotal
	if sold.Bitcoin != nil {
		var moved units
		if err := moved.parse(*sold.Bitcoin); err != nil {
			return err
		}
		if moved.n.Sign() != 0 {
			given = sold.Bitcoin
		}
	}
	for _, side := range []struct {
		account  accountName
		amount   *amount
		negative bool
	}{
		{accountName{place: bank}, sold.Total, false}, {accountName{fees, "coinbase"}, sold.FeeOwn, false},
		{accountName{fees, "bank"}, sold.FeeBank, false}, {f.account(coinbase), given, true},
	} {
		if side.amount == nil {
			continue
		}
		var u units
		if err := u.parse(*side.amount); err != nil {
			return err
		}
		f.posting = append(f.posting, line{side.account, u.currency, &u.n, side.negative})
	}
	for currency, sum := range sums(f.posting) {
		if sum.Sign() != 0 {
			f.credit(f.account(exchange), currency, sum)
		}
	}
	return nil
}

// sums adds a posting up by currency.
func sums(posting []line) map[string]*big.Int {
	all := make(map[string]*big.Int)
	for _, l := range posting {
		sum := all[l.currency]
		if sum == nil {
			sum = new(big.Int)
			all[l.currency] = sum
		}
		l.addTo(sum)
	}
	return all
}

func (l line) addTo(sum *big.Int) {
	if l.negative {
		sum.Sub(sum, l.n)
	} else {
		sum.Add(sum, l.n)
	}
}
