package ledger

import (
	"strings"

	"daybook/domain/ident"
)

// Account is a name in the chart of accounts, parts joined by colons. Names
// from outside are percent-encoded in it.
type Account string

// The accounts that belong to no user, beside those of providers.
const (
	Bank         Account = "assets:bank"            // paid out
	CoinbaseFees Account = "expenses:fees:coinbase" // kept by the provider of a payout
	BankFees     Account = "expenses:fees:bank"     // kept by the bank of a payout
	Unclaimed    Account = "income:unclaimed"       // dismissed
	Sales        Account = "income:sales"           // of registered orders
	Shortfall    Account = "expenses:shortfall"     // missing of sales that a person has completed
	Unexplained  Account = "expenses:unexplained"   // sent back for no payment
)

const (
	assets   = "assets:"
	users    = "liabilities:users:"
	suspense = "liabilities:suspense:"
	exchange = "equity:exchange:"
	fees     = "expenses:fees:"
)

// AssetAccount is the money that the provider of a payment has, such as
// assets:coinbase, or that a chain has: assets:chain:8453. The deposits that have no
// identity are all Coinbase's.
func AssetAccount(payment ident.Payment) Account {
	provider, rest, _ := strings.Cut(string(payment), "/")
	switch provider {
	case "":
		return assets + "coinbase"
	case "eth":
		chain, _, _ := strings.Cut(rest, "/")
		return Account(assets + "chain:" + chain)
	}
	return Account(assets + provider)
}

// UserAccount is what is owed to a user.
func UserAccount(user string) Account { return Account(users + ident.Escape(user)) }

// User returns whose account it is, if it is a user's.
func (a Account) User() (user string, ok bool) {
	escaped, ok := strings.CutPrefix(string(a), users)
	if !ok {
		return "", false
	}
	user, err := ident.Unescape(escaped)
	return user, err == nil
}

// suspenseAccount is money that waits for a decision. The item is the id of the
// event that put it there.
func suspenseAccount(item string) Account { return Account(suspense + item) }

// exchangeAccount is where two currencies of a payment or a payout meet.
func exchangeAccount(payment ident.Payment) Account {
	return Account(exchange + ident.Escape(string(payment)))
}

// FeeAccount is what the provider of a payment has kept.
func FeeAccount(payment ident.Payment) Account {
	provider, _, _ := strings.Cut(string(payment), "/")
	return Account(fees + provider)
}
