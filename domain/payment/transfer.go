package payment

import (
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
)

// Transfer is a payment as its provider shows it. Members that the provider leaves
// out are zero.
type Transfer struct {
	Amount  money.Amount `json:"amount,omitzero"` // received, before the provider's fee
	Quoted  money.Amount `json:"quoted,omitzero"` // the same in a national currency
	Fee     money.Amount `json:"fee,omitzero"`    // kept by the provider, in Amount's currency
	Network string       `json:"network,omitzero"`
	Hash    string       `json:"hash,omitzero"` // of the transaction on the network
	Payee   string       `json:"payee,omitzero"`
}

// Agrees reports whether two reports can be of one transfer. A member that one of them
// leaves out contradicts nothing.
func (t Transfer) Agrees(u Transfer) bool {
	return t.Amount == u.Amount &&
		agree(t.Quoted, u.Quoted) && agree(t.Fee, u.Fee) &&
		agree(t.Network, u.Network) && agree(t.Hash, u.Hash) && agree(t.Payee, u.Payee)
}

func agree[T comparable](a, b T) bool {
	var none T
	return a == b || a == none || b == none
}

// With returns the transfer with the members that only the other report has.
func (t Transfer) With(u Transfer) Transfer {
	fill(&t.Quoted, u.Quoted)
	fill(&t.Fee, u.Fee)
	fill(&t.Network, u.Network)
	fill(&t.Hash, u.Hash)
	fill(&t.Payee, u.Payee)
	return t
}

func fill[T comparable](member *T, other T) {
	var none T
	if *member == none {
		*member = other
	}
}

// hashDigits is the length of an EVM transaction's hash in hexadecimal digits.
const hashDigits = 64

// NormalHash returns the one form of a transaction's hash. One of hexadecimal digits is in
// lower case, after 0x if it has the length of an EVM hash. Others may be case-sensitive,
// and stay as they came.
func NormalHash(text string) string {
	text = strings.TrimSpace(text)
	lower := strings.ToLower(text)
	digits := strings.TrimPrefix(lower, "0x")
	switch {
	case strings.Trim(digits, "0123456789abcdef") != "":
		return text
	case len(digits) == hashDigits:
		return "0x" + digits
	}
	return lower
}

// NormalAddress returns the one form of an address. Of an EVM address, upper-case letters
// are a check sum alone, which some write and some do not.
func NormalAddress(text string) string {
	const evmDigits = 40
	text = strings.TrimSpace(text)
	digits, isHex := strings.CutPrefix(strings.ToLower(text), "0x")
	if isHex && len(digits) == evmDigits && strings.Trim(digits, "0123456789abcdef") == "" {
		return "0x" + digits
	}
	return text
}

// chains are the chain ids of networks by their names at providers. Two names for one
// network would claim one transaction twice.
var chains = map[string]string{
	"ethereum": "1", "optimism": "10", "polygon": "137", "base": "8453", "arbitrum": "42161",
	"base-sepolia": "84532", "ethereum-sepolia": "11155111",
}

// Transaction returns the identity under which a stream claims the transaction; empty
// if the transfer has no hash. A network without a known chain id stands by its name.
func (t Transfer) Transaction() ident.Payment {
	if t.Hash == "" {
		return ""
	}
	chain, known := chains[t.Network]
	if !known {
		chain = "network-" + t.Network
	}
	return ident.NewPayment("eth", ident.Escape(chain), t.Hash)
}
