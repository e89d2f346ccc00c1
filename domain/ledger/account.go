package ledger

import (
	"strings"

	"daybook/domain/ident"
)

// Account is a name in the chart of accounts, parts joined by colons. Names
// from outside are percent-encoded in it.
type Account string

// The accounts that are not somebody's.
const (
	Coinbase     Account = "assets:coinbase"        // with the provider
	Bank         Account = "assets:bank"            // paid out
	CoinbaseFees Account = "expenses:fees:coinbase" // kept by the provider of a payout
	BankFees     Account = "expenses:fees:bank"     // kept by the bank of a payout
	Unclaimed    Account = "income:unclaimed"       // dismissed
)

const (
	users    = "liabilities:users:"
	suspense = "liabilities:suspense:"
	exchange = "equity:exchange:"
)

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

// holdAccount is money that waits for the decision of a hold.
func holdAccount(hold string) Account { return Account(suspense + ident.Escape(hold)) }

// mispaymentAccount is money that waits for the decision of a mispayment. It
// goes by the payment identity: two providers may use the same id.
func mispaymentAccount(payment ident.Payment) Account {
	return Account(suspense + ident.Escape(string(payment)))
}

// exchangeAccount takes what does not add up in a payout.
func exchangeAccount(payout ident.Payment) Account {
	return Account(exchange + ident.Escape(string(payout)))
}
