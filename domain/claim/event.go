package claim

import (
	"daybook/domain/codec"
	"daybook/domain/ident"
)

// Event is an event of a stream of claims.
type Event interface {
	codec.Event
	claimEvent()
}

// PaymentClaimed says which stream decides about a payment, for ever. It stands in
// the log before what that stream says of the payment.
type PaymentClaimed struct {
	Payment ident.Payment `json:"payment"`
	Owner   string        `json:"owner"` // name of the stream
}
