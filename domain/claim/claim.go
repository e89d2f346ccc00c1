// Package claim settles which stream decides about a payment whose identity does
// not name one: the first stream that claims it. It is pure: commands carry
// everything that comes from outside.
package claim

import (
	"crypto/sha256"
	"encoding/hex"

	"daybook/domain/ident"
)

// Category is the category of claim streams.
const Category = "claim"

// ID is the SHA-256 of a payment identity, in lower-case hexadecimal digits.
type ID string

// NewID returns the id of the claims of a payment.
func NewID(payment ident.Payment) ID {
	digest := sha256.Sum256([]byte(payment))
	return ID(hex.EncodeToString(digest[:]))
}

// Stream returns the name of the stream of claims.
func (id ID) Stream() string { return Category + "-" + string(id) }

// State is what decisions about claims need to know: who owns what.
type State struct {
	Owners map[ident.Payment]string
}

// Evolve puts one event on a state, which it takes over.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case PaymentClaimed:
		if s.Owners == nil {
			s.Owners = make(map[ident.Payment]string, 1)
		}
		s.Owners[e.Payment] = e.Owner
	}
	return s
}
