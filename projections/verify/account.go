package verify

import (
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"

	"daybook/eventstore"
)

// account is what one user has at the fold's position.
type account struct {
	holdings []holding // sorted by currency
	changed  eventstore.Position

	// Entries are kept as their number and a running digest: each one is the
	// SHA-256 of the digest before it and the entry's text. The same is
	// computed over the entries that the model keeps.
	entries uint64
	digest  digest

	compared bool
}

type digest [sha256.Size]byte

// add takes one more entry into a digest.
func add[text string | []byte](d *digest, entry text, scratch *[]byte) {
	*scratch = append(append((*scratch)[:0], d[:]...), entry...)
	*d = sha256.Sum256(*scratch)
}

// holding is what a user has of one currency.
type holding struct {
	currency           string
	available, pending big.Int
}

func (a *account) holding(currency string) *holding {
	for i := range a.holdings {
		if a.holdings[i].currency == currency {
			return &a.holdings[i]
		}
	}
	at, _ := slices.BinarySearchFunc(a.holdings, currency, func(h holding, c string) int {
		if h.currency < c {
			return -1
		}
		return 1
	})
	a.holdings = slices.Insert(a.holdings, at, holding{currency: strings.Clone(currency)})
	return &a.holdings[at]
}
