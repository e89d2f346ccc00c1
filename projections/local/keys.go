package local

import (
	"strings"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
)

// lookupVersion is the version of what keysOf says, a part of FoldVersion.
const lookupVersion = 5

// Key is a name by which the events of a payment are found. Names that are parts of
// a stream's name need no key.
type Key string

// The kinds of keys.
func userKey(user string) Key           { return Key("user:" + user) }
func referenceKey(reference string) Key { return Key("reference:" + reference) }
func providerKey(id string) Key         { return Key("provider:" + id) }
func addressKey(address string) Key     { return Key("address:" + address) }
func mispaymentKey(id string) Key       { return Key("mispayment:" + id) }
func hashKey(hash string) Key           { return Key("hash:" + Hash(hash)) }

// ItemKey is the key of what waits, or has waited, for a person.
func ItemKey(id string) Key { return Key("item:" + id) }

// ReferenceKey is the key of the website's own name for an order.
func ReferenceKey(reference string) Key { return referenceKey(reference) }

// UserKey is the key of a user.
func UserKey(user string) Key { return userKey(user) }

// Hash returns the one text of a transaction hash: lower-case, without a prefix.
func Hash(text string) string { return strings.TrimPrefix(strings.ToLower(text), "0x") }

// KeysFor returns the keys that a person may mean by a text.
func KeysFor(text string) []Key {
	return []Key{ItemKey(text), hashKey(text), mispaymentKey(text), providerKey(text), addressKey(text), referenceKey(text), userKey(text)}
}

// lookedUp are the event types that name keys.
var lookedUp = []codec.Event{
	order.OrderRegistered{}, order.OrderLinked{}, order.RefundReported{}, order.PaymentReceived{}, order.PaymentHeld{}, order.PaymentMispaid{},
	order.PaymentReleased{}, order.MispaymentCredited{}, order.OrderCompleted{}, order.PaymentVerified{},
	order.RefundDecided{}, order.PaymentRefunded{}, order.RefundHeld{}, order.RefundCharged{},
	deposit.AddressRegistered{}, deposit.DepositReceived{}, deposit.DepositHeld{}, deposit.DepositReleased{},
	deposit.RefundDecided{}, deposit.DepositRefunded{},
	payout.PayoutHeld{},
}

// keysOf returns the keys that an event names.
func keysOf(event codec.Event) []Key {
	switch e := event.(type) {
	case order.OrderRegistered:
		return appendKey(about(e.User, ""), e.Reference, referenceKey)
	case order.OrderLinked:
		return appendKey(about(e.User, ""), e.Reference, referenceKey)
	case order.RefundReported:
		return appendKey(about("", e.Refund), e.Hash, hashKey)
	case order.PaymentReceived:
		keys := transferKeys(about(e.User, e.Payment), e.Transfer)
		if d := e.Details; d != nil {
			keys = appendKey(keys, d.Reference, referenceKey)
			keys = appendKey(keys, d.UUID, providerKey)
			keys = appendKey(keys, d.TransactionHash, hashKey)
			keys = appendKey(keys, d.ReceiveAddress, addressKey)
		}
		return keys
	case order.PaymentHeld:
		return transferKeys(appendKey(append(about(e.User, e.Payment), ItemKey(e.Hold)), e.Reference, referenceKey), e.Transfer)
	case order.PaymentMispaid:
		return transferKeys(append(about(e.User, e.Payment), ItemKey(e.Mispayment)), e.Transfer)
	case order.PaymentVerified:
		return transferKeys(nil, e.Transfer) // what only the provider's answer shows
	case order.PaymentReleased:
		return transferKeys(about(e.User, e.Payment), e.Transfer)
	case order.MispaymentCredited:
		return about(e.User, e.Payment)
	case order.OrderCompleted:
		return transferKeys(about(e.User, e.Payment), e.Transfer)
	case order.RefundDecided:
		return appendKey(nil, e.Refund, providerKey)
	case order.PaymentRefunded:
		return sentKeys(about("", e.Report), e.Hash, e.Reference)
	case order.RefundHeld:
		return sentKeys(append(about("", e.Report), ItemKey(e.Hold)), e.Hash, "")
	case order.RefundCharged:
		return about(e.User, "")
	case deposit.AddressRegistered:
		return about(e.User, "")
	case deposit.DepositReceived:
		return about(e.User, e.Payment)
	case deposit.DepositHeld:
		return append(about(e.User, e.Payment), ItemKey(e.Hold))
	case deposit.DepositReleased:
		return about(e.User, e.Payment)
	case deposit.RefundDecided:
		return appendKey(nil, e.Refund, providerKey)
	case deposit.DepositRefunded:
		return sentKeys(nil, "", e.Reference)
	case payout.PayoutHeld:
		return []Key{ItemKey(e.Hold)}
	}
	return nil
}

// about returns the keys of a user and of what a payment identity has beyond the
// names of streams.
func about(user string, payment ident.Payment) []Key {
	keys := appendKey(nil, user, userKey)
	parts := strings.Split(string(payment), "/")
	for i := range parts {
		if text, err := ident.Unescape(parts[i]); err == nil {
			parts[i] = text
		}
	}
	switch {
	case len(parts) >= 3 && parts[1] == "mispayment":
		keys = append(keys, mispaymentKey(parts[2]))
	case len(parts) >= 4 && parts[2] == "refund":
		keys = append(keys, providerKey(parts[3]))
	case len(parts) >= 4 && parts[1] == "address":
		keys = append(keys, hashKey(parts[3]))
	}
	return keys
}

// sentKeys adds the keys of what was sent back: the hash of its transaction, and a
// person's reference, which is a hash too or a provider's id.
func sentKeys(keys []Key, hash, reference string) []Key {
	return appendKey(appendKey(appendKey(keys, hash, hashKey), reference, hashKey), reference, providerKey)
}

func transferKeys(keys []Key, t *payment.Transfer) []Key {
	if t == nil {
		return keys
	}
	return appendKey(appendKey(keys, t.Hash, hashKey), t.Payee, addressKey)
}

func appendKey(keys []Key, text string, kind func(string) Key) []Key {
	if text == "" {
		return keys
	}
	return append(keys, kind(text))
}
