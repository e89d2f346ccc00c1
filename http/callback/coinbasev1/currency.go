package coinbasev1

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A payment to an address is in bitcoin, and its document names no currency. The
// documents of other interfaces that have an address name one: account.currency
// and additional_data.amount.currency of the notifications of version 2,
// currency, network and tokenAddress of a checkout, value.crypto.currency of a
// charge, currency_iso of a merchant order. Nobody knows how the next will name it,
// so a member is taken to name one if any of these is in its name. A document that
// is refused for nothing is kept, and a person looks; one that is read for nothing
// is credited.
var naming = []string{"currency", "currencies", "coin", "asset", "network", "chain", "token", "contract", "symbol", "ticker", "crypto", "unit"}

// worth are the members that say what a payment is worth in money of a country.
var worth = []string{"nativeamount", "totalnative", "mispaidnative", "fiatamount", "fiatcurrency"}

// bitcoin are the ways in which they name it.
var bitcoin = []string{"btc", "xbt", "bitcoin", "bitcoin-mainnet"}

// networkStates are what the status of a network says: where the payment is on it,
// and not which it is.
var networkStates = []string{"off_blockchain", "confirmed", "pending", "unconfirmed"}

// namesAnother reports whether a document, which is strict JSON, says anywhere
// that it is about another currency than bitcoin.
func namesAnother(body []byte) bool {
	another, err := findAnother(jsontext.NewDecoder(bytes.NewReader(body)), "", false)
	return another || err != nil
}

// findAnother reads one value, which a member of this name has, up to the first
// that names another currency. Elements of a list have the list's name. All that is
// inside a member that names a currency does too,
// {"currency":{"code":"ETH","name":"Ethereum"}}.
func findAnother(dec *jsontext.Decoder, name string, named bool) (bool, error) {
	name = letters(name)
	if !named && slices.Contains(worth, name) {
		return false, dec.SkipValue()
	}
	inside := named
	named = named || namesCurrency(name)
	switch kind := dec.PeekKind(); kind {
	case '{', '[':
		return findInside(dec, name, named)
	case '"':
		token, err := dec.ReadToken()
		if err != nil {
			return false, err
		}
		text := strings.ToLower(token.String())
		state := inside && name == "status" && slices.Contains(networkStates, text)
		return named && !state && text != "" && !slices.Contains(bitcoin, text), nil
	default: // null names nothing, a number or a truth value nothing that can be understood
		exponent := inside && name == "exponent" && kind == '0'
		return named && !exponent && kind != 'n', dec.SkipValue()
	}
}

// findInside reads an object or a list.
func findInside(dec *jsontext.Decoder, name string, named bool) (bool, error) {
	begin, err := dec.ReadToken()
	if err != nil {
		return false, err
	}
	for kind := dec.PeekKind(); kind != '}' && kind != ']'; kind = dec.PeekKind() {
		inner := name
		if begin.Kind() == '{' {
			member, err := dec.ReadToken()
			if err != nil {
				return false, err
			}
			inner = member.String()
		}
		if another, err := findAnother(dec, inner, named); another || err != nil {
			return another, err
		}
	}
	_, err = dec.ReadToken()
	return false, err
}

// namesCurrency reports whether a member of this name, in letters, names a currency.
func namesCurrency(name string) bool {
	name = strings.ReplaceAll(name, "coinbase", "") // which is no coin
	return slices.ContainsFunc(naming, func(word string) bool { return strings.Contains(name, word) })
}

// letters returns a name however its words are joined: its letters, in lower case.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}
