package balances

import (
	"github.com/cockroachdb/apd/v3"

	"daybook/eventstore"
)

// account is what one user has.
type account struct {
	holdings []holding // in the order in which they first appeared
	changed  eventstore.Position
	entries  entries
}

// holding is what a user has of one currency.
type holding struct {
	currency           uint64 // number of the dictionary
	available, pending apd.BigInt
}

// put puts a delta on an account.
func (a *account) put(d *delta, words *dictionary) {
	h := a.holding(words.currencies.Number(d.currency))
	addTimes(&h.pending, &d.units, d.effect.pending)
	if d.effect.available != 0 {
		addTimes(&h.available, &d.units, d.effect.available)
		a.entries.add(d, &h.available, words)
	}
	a.changed = d.event.Position
}

func (a *account) holding(currency uint64) *holding {
	for i := range a.holdings {
		if a.holdings[i].currency == currency {
			return &a.holdings[i]
		}
	}
	a.holdings = append(a.holdings, holding{currency: currency})
	return &a.holdings[len(a.holdings)-1]
}

// addTimes adds units, subtracts them, or does nothing.
func addTimes(sum, units *apd.BigInt, factor int8) {
	switch factor {
	case 1:
		sum.Add(sum, units)
	case -1:
		sum.Sub(sum, units)
	}
}
