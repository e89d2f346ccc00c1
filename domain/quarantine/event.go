package quarantine

import (
	"time"

	"daybook/domain/codec"
)

// Event is an event of a quarantine stream.
type Event interface {
	codec.Event
	quarantineEvent()
}

// Reason says why a callback was not understood. Reasons are written into
// events: they are for ever.
type Reason string

// The reasons for quarantine.
const (
	NotJSON         Reason = "not-strict-json"  // syntax, UTF-8 or a member given twice
	UnknownDocument Reason = "unknown-document" // none of the documents that are sent
	Incomplete      Reason = "incomplete"       // lacks what identifies it
	NotBitcoin      Reason = "not-bitcoin"      // a deposit in another currency, or to an address of none or another network
	TooLarge        Reason = "too-large"        // only the beginning was read
	TooMany         Reason = "too-many"         // more payments than one append can hold
)

// CallbackQuarantined says that an authentic callback was kept without being
// understood. Its bytes are in the evidence of this event.
type CallbackQuarantined struct {
	Format string `json:"format"` // of the callback, such as coinbase-v1
	Reason Reason `json:"reason"`
	Digest string `json:"digest"` // SHA-256 of the bytes that were read
	Length int64  `json:"length"` // bytes of the body; of a too large one, as announced, or -1
}

// CallbackRedriven says that a kept callback was handled again, and what it
// came to.
type CallbackRedriven struct {
	Outcome    string    `json:"outcome"`
	Stream     string    `json:"stream,omitzero"` // where it is recorded
	OccurredAt time.Time `json:"occurredAt,omitzero"`
}
