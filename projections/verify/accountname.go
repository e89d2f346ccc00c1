package verify

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
)

// accountName is one account: its kind, and whose or what it is of.
type accountName struct {
	place place
	of    string // the user, the item in suspense, the payment in exchange, or who keeps a fee
}

// account returns the account of a kind that an event is about.
func (f *fact) account(p place) accountName {
	switch p {
	case users:
		return accountName{p, f.said.User}
	case suspense:
		return accountName{p, cmp.Or(f.said.Hold, f.said.Mispayment)}
	case exchange:
		return accountName{p, f.said.Payment}
	case fees:
		return accountName{p, provider(f.said.Payment)}
	case coinbase:
		return assetsOf(f.said.Payment)
	}
	return accountName{place: p}
}

// provider returns who is paid by a payment.
func provider(payment string) string {
	name, _, _ := strings.Cut(payment, "/")
	return name
}

// assetsOf is where the provider of a payment has its money.
func assetsOf(payment string) accountName {
	if provider(payment) == "checkout" {
		return accountName{place: checkout}
	}
	return accountName{place: coinbase}
}

// isAsset reports whether a provider has the account's money, or has kept it.
func (a accountName) isAsset() bool {
	return a.place == coinbase || a.place == checkout || a.place == bank || a.place == fees
}

// String returns the name in the chart of accounts.
func (a accountName) String() string {
	switch a.place {
	case users, exchange:
		return placeNames[a.place] + ":" + encodeName(a.of)
	case suspense, fees:
		return placeNames[a.place] + ":" + a.of
	}
	return placeNames[a.place]
}

// parseAccount reads a name of the chart of accounts. There is one name for each account.
func parseAccount(name string) (accountName, error) {
	for p := nowhere + 1; p < places; p++ {
		of, isSub := strings.CutPrefix(name, placeNames[p]+":")
		a := accountName{p, of}
		switch {
		case name == placeNames[p]:
			a.of = ""
		case !isSub:
			continue
		case p == users || p == exchange:
			decoded, err := url.PathUnescape(of)
			if err != nil {
				continue
			}
			a.of = decoded
		}
		if a.String() == name && (a.of != "") == a.place.hasParts() {
			return a, nil
		}
	}
	return accountName{}, fmt.Errorf("%w: %.80q is no account", errAmount, name)
}

// hasParts reports whether there is an account for each user, item, payment or provider.
func (p place) hasParts() bool { return p == users || p == suspense || p == exchange || p == fees }
