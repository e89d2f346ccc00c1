package simulate

import (
	"maps"
	"slices"
)

// Standing is how far an order has got.
type Standing int

// The standings.
const (
	Untouched    Standing = iota
	Begun                 // its payment was sent and never acknowledged: perhaps it is there
	Acknowledged          // its payment was acknowledged: it must be there
)

// Range is an amount in smallest units. Least and most differ by what was sent
// and never acknowledged.
type Range struct{ Least, Most int64 }

// Account is what a user must have available, by currency.
type Account struct {
	User string
	Has  map[string]Range
}

// Expected returns what each user must have, if orders have got as far as
// standing says. Mispayments credit nobody until a person decides, and of two
// callbacks that contradict each other the first counts. The last user is one
// whom only contradictions name, and has nothing.
func (p Plan) Expected(standing func(order int) Standing) []Account {
	accounts := p.accounts()
	for i := range p.settings.Orders {
		if o := p.order(p.random(i)); o.paid {
			accounts[o.user].add(standing(i), o.currency, o.cents)
		}
	}
	return accounts
}

// accounts returns those of all users, without money.
func (p Plan) accounts() []Account {
	accounts := make([]Account, p.settings.Users+1)
	for n := range accounts {
		accounts[n] = Account{User: p.User(n), Has: map[string]Range{}}
	}
	return accounts
}

// add adds the money of an order.
func (a Account) add(is Standing, currency string, cents int64) {
	r := a.Has[currency]
	switch is {
	case Untouched:
		return
	case Acknowledged:
		r.Least += cents
	}
	r.Most += cents
	a.Has[currency] = r
}

// Complete is the standing of every order after a whole run.
func Complete(int) Standing { return Acknowledged }

// sums adds up what all users must have, by currency.
func sums(accounts []Account) map[string]Range {
	total := map[string]Range{}
	for _, account := range accounts {
		for currency, r := range account.Has {
			t := total[currency]
			total[currency] = Range{t.Least + r.Least, t.Most + r.Most}
		}
	}
	return total
}

// currencies returns the currencies of some amounts in alphabetical order.
func currencies[V any](amounts map[string]V) []string {
	return slices.Sorted(maps.Keys(amounts))
}
