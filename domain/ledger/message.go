package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"daybook/eventstore"
)

// Delivery is a callback as it arrived: what it says is for a package of
// http/callback to find out, what it was is kept as evidence.
type Delivery struct {
	ID       string // ULID, given on arrival
	Actor    string // callback:coinbase
	Format   string // coinbase-v1
	Received time.Time
	Source   string            // IP address of the sender
	Headers  map[string]string // that a signature covers or that carry it
	Body     []byte            // as read; for a too large body only its beginning
	Length   int64             // of the whole body; -1 if it is not known
}

// Digest returns the SHA-256 of the body in lower-case hexadecimal digits.
func (d Delivery) Digest() string {
	digest := sha256.Sum256(d.Body)
	return hex.EncodeToString(digest[:])
}

// Command is a request of somebody with a name.
type Command struct {
	ID    string // ULID, given on arrival
	Actor string // website:shop
}

// message is what a delivery and a command have in common: who and why, for
// the metadata of the events that they cause.
type message struct {
	id       string // ULID; event ids derive from it
	actor    string
	evidence *eventstore.Evidence
}

func (d Delivery) message() message {
	evidence := &eventstore.Evidence{
		Format:   d.Format,
		Received: eventstore.FormatTime(d.Received),
		Source:   d.Source,
		Headers:  d.Headers,
		SHA256:   d.Digest(),
		Encoding: "none",
		Body:     d.Body,
	}
	if d.Length != int64(len(d.Body)) {
		evidence.Length = d.Length
	}
	return message{id: d.ID, actor: d.Actor, evidence: evidence}
}

func (c Command) message() message {
	return message{id: c.ID, actor: c.Actor}
}

// metadata returns the metadata of the index-th event of an append. The first
// one carries the evidence, the others its digest.
func (m message) metadata(index int) eventstore.Metadata {
	evidence := m.evidence
	if evidence != nil && index > 0 {
		evidence = &eventstore.Evidence{SHA256: evidence.SHA256}
	}
	return eventstore.Metadata{
		CorrelationID: m.id, CausationID: m.id, CommandID: m.id,
		Actor: m.actor, Evidence: evidence,
	}
}
