package quarantine

import "daybook/domain/codec"

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

	Reader       int           `json:"reader,omitzero"`       // number of the format's reader that did not understand it
	Authenticity *Authenticity `json:"authenticity,omitzero"` // left out where it is not established
}

// Authenticity is by what means it was established, when a callback came, who sent it.
type Authenticity struct {
	Method string `json:"method"` // secret
	Source string `json:"source"` // IP address of the sender
}

// Still is the outcome of a callback that a newer reader does not understand either.
const Still = "quarantined"

// CallbackRedriven says that a kept callback was read again by a newer reader of its
// format, and what came of it.
type CallbackRedriven struct {
	Task    string `json:"task"`            // id of the CallbackQuarantined event
	Reader  int    `json:"reader"`          // number of the reader
	Outcome string `json:"outcome"`         // as callbacks are answered: quarantined if it is still not understood
	Reason  Reason `json:"reason,omitzero"` // why it is not understood
	Stream  string `json:"stream,omitzero"` // where it is recorded
}
