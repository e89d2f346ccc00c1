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
// charge, currency_iso of a merchant order. naming are such names, without
// underscores and in lower case; any other that ends in currency is one too.
var naming = []string{"currencyiso", "currencycode", "asset", "coin", "unit", "network", "networkname", "blockchain", "chain", "tokenaddress", "contractaddress"}

// bitcoin are the ways in which they name it.
var bitcoin = []string{"btc", "xbt", "bitcoin", "bitcoin-mainnet"}

// namesAnother reports whether a document, which is strict JSON, says anywhere
// that it is about another currency than bitcoin. What a payment is worth in
// money of a country (native_amount, total_native, fiatCurrency) does not count.
func namesAnother(body []byte) bool {
	another, err := findAnother(jsontext.NewDecoder(bytes.NewReader(body)), "")
	return another || err != nil
}

// findAnother reads one value, which a member of this name has, up to the first
// that names another currency. Elements of a list have the list's name.
func findAnother(dec *jsontext.Decoder, name string) (bool, error) {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "")
	if strings.Contains(name, "native") || strings.Contains(name, "fiat") {
		return false, dec.SkipValue()
	}
	named := strings.HasSuffix(name, "currency") || slices.Contains(naming, name)
	switch kind := dec.PeekKind(); kind {
	case '{', '[':
		return findInside(dec, name, named)
	case '"':
		token, err := dec.ReadToken()
		if err != nil {
			return false, err
		}
		text := token.String()
		return named && text != "" && !slices.Contains(bitcoin, strings.ToLower(text)), nil
	default: // null names nothing, a number or a truth value nothing that can be understood
		return named && kind != 'n', dec.SkipValue()
	}
}

// findInside reads an object or a list. An object that is the value of such a name
// has it in a member of its own, {"currency":{"code":"ETH","name":"Ethereum"}}.
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
			if inner = member.String(); named && (inner == "code" || inner == "name") {
				inner = "currency"
			}
		}
		if another, err := findAnother(dec, inner); another || err != nil {
			return another, err
		}
	}
	_, err = dec.ReadToken()
	return false, err
}
