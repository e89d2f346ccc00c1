package verify

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
)

// Total is what there is of one currency in all accounts of a kind. What users
// are owed is negative, as credits are.
type Total struct {
	Account  string
	Currency string
	Amount   string
}

var placeNames = [places]string{
	coinbase: "assets:coinbase", checkout: "assets:checkout", bank: "assets:bank", fees: "expenses:fees", users: "liabilities:users",
	suspense: "liabilities:suspense", unclaimed: "income:unclaimed", exchange: "equity:exchange", sales: "income:sales",
	shortfall: "expenses:shortfall", unexplained: "expenses:unexplained",
}

// list returns the trial balance.
func (b *book) list() []Total {
	var all []Total
	for p := range b.totals {
		for _, currency := range slices.Sorted(maps.Keys(b.totals[p])) {
			all = append(all, Total{placeNames[p], currency, decimal(currency, b.totals[p][currency])})
		}
	}
	return all
}

// checkTotals notes currencies of which all accounts together have something:
// postings move money, and make none.
func (b *book) checkTotals(found *findings) {
	sums := make(map[string]*big.Int)
	for p := range b.totals {
		for currency, n := range b.totals[p] {
			if sums[currency] == nil {
				sums[currency] = new(big.Int)
			}
			sums[currency].Add(sums[currency], n)
		}
	}
	for currency, sum := range sums {
		if sum.Sign() != 0 {
			found.add(Difference{Subject: "trial balance", Text: fmt.Sprintf("all accounts together have %s %s, and must have nothing", decimal(currency, sum), currency)})
		}
	}
}

// checkSuspense notes currencies of which more has left suspense than was put there, refunds
// apart, and closed items that have something there. It is the log that says so, whatever the models
// have.
func (p *prover) checkSuspense(b *book) {
	if p == nil {
		return
	}
	for currency, sum := range b.totals[suspense] {
		n := new(big.Int).Sub(sum, b.refundsHeld(currency))
		if n.Sign() > 0 {
			p.found.add(Difference{Subject: "trial balance", Text: fmt.Sprintf("liabilities:suspense is a debit of %s %s: more has left suspense than was put there", decimal(currency, n), currency)})
		}
	}
	for _, item := range slices.Sorted(maps.Keys(b.suspense)) {
		for currency, n := range b.suspense[item].sums {
			if n.Sign() != 0 && b.suspense[item].isClosed {
				p.found.add(Difference{Subject: "item " + item, Text: fmt.Sprintf("it is closed, and its account in suspense has %s %s", decimal(currency, n), currency)})
			}
		}
	}
}
