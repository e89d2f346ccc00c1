package ident

import "strings"

// Payment is a payment identity: the text that says which money an event is
// about, such as coinbase/order/5RTQNACF. There is at most one credit for a
// payment identity, for ever.
type Payment string

// NewPayment joins a provider, a kind and the provider's own identifiers,
// which are percent-encoded so that no two payments share an identity.
func NewPayment(provider, kind string, ids ...string) Payment {
	var b strings.Builder
	size := len(provider) + len("/") + len(kind)
	for _, id := range ids {
		size += len("/") + len(id)
	}
	b.Grow(size) // enough unless something is encoded
	b.WriteString(provider)
	b.WriteByte('/')
	b.WriteString(kind)
	for _, id := range ids {
		b.WriteByte('/')
		b.WriteString(Escape(id))
	}
	return Payment(b.String())
}

// Of returns the identity of a part of the payment, which the text tells from
// its other parts.
func (p Payment) Of(part string) Payment { return p + "/" + Payment(Escape(part)) }
