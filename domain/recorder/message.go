package recorder

import (
	"cmp"
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

	Method string // by which its authenticity was established; empty if it was not
	Reader int    // number of its format's reader

	// Task is the id of the event that kept it, if a process reads it again: its body
	// is there already, and it credits nothing. First is the ULID of the delivery then.
	Task  string
	First string
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
	first    string // ULID of what began it
	cause    string // id of the delivery, command or event that it acts on
	actor    string
	evidence *eventstore.Evidence
}

// Attempt is a try of a process to do a task.
type Attempt struct {
	ID    string // ULID, given when it began
	Actor string // process:verifier
	Task  string // id of the event that made the task
}

func (a Attempt) message() message {
	return message{id: a.ID, first: a.ID, cause: a.Task, actor: a.Actor}
}

// withoutBody returns the message as streams other than the owner's keep it: they refer
// to the evidence, which the owner's own append carries.
func (m message) withoutBody() message {
	if m.evidence != nil {
		m.evidence = &eventstore.Evidence{SHA256: m.evidence.SHA256}
	}
	return m
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
	if d.Task != "" {
		evidence = &eventstore.Evidence{SHA256: evidence.SHA256}
	}
	return message{id: d.ID, first: cmp.Or(d.First, d.ID), cause: cmp.Or(d.Task, d.ID), actor: d.Actor, evidence: evidence}
}

func (c Command) message() message {
	return message{id: c.ID, first: c.ID, cause: c.ID, actor: c.Actor}
}

// metadata returns the metadata of the index-th event of an append. The first
// one carries the evidence, the others its digest.
func (m message) metadata(index int) eventstore.Metadata {
	evidence := m.evidence
	if evidence != nil && index > 0 {
		evidence = &eventstore.Evidence{SHA256: evidence.SHA256}
	}
	return eventstore.Metadata{
		CorrelationID: m.first, CausationID: m.cause, CommandID: m.id,
		Actor: m.actor, Evidence: evidence,
	}
}
