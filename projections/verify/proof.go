package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// proof is what an event and its metadata say of where it came from. It depends
// on the one event alone, so that events are read by many at the same time.
type proof struct {
	err     error // why data or metadata cannot be read
	said    statement
	actor   string
	command string

	// Of the evidence, if there is any. A record has all of it; other events of an
	// append refer to it by its digest.
	hasEvidence bool
	isRecord    bool
	format      string
	digest      string
	received    string
	source      string
	length      int64 // of the body; where it is not kept, as the record says
	hasBody     bool
	isWhole     bool     // the body has the digest
	reading     *Reading // nil if there is no body, or nobody can read it
}

// statement is all that the data of an event say.
type statement struct {
	data

	Reported   *moved    `json:"reported"`
	Found      int       `json:"found"`
	ReceivedAt time.Time `json:"receivedAt"`
	Arrives    time.Time `json:"arrivesBy"`
	Format     string    `json:"format"`
	Length     int64     `json:"length"`
	Owner      string    `json:"owner"`
	Reader     int       `json:"reader"`

	Authenticity *statedAuthenticity `json:"authenticity"`
}

type statedAuthenticity struct {
	Method string `json:"method"`
	Source string `json:"source"`
}

type statedEvidence struct {
	Method   string `json:"method"`
	Status   string `json:"status"`
	Transfer *moved `json:"transfer"`
}

type statedDetails struct {
	Reference       string  `json:"reference"`
	UUID            string  `json:"uuid"`
	Bitcoin         *amount `json:"bitcoin"`
	TransactionHash string  `json:"transactionHash"`
	ReceiveAddress  string  `json:"receiveAddress"`
	Object          string  `json:"object"`
}

// text writes an amount like those of a Claim; none is empty.
func (a *amount) text() string {
	if a == nil {
		return ""
	}
	return a.Amount + " " + a.Currency
}

// read reads an event that has its metadata. Of the body it keeps the reading
// alone.
func (p *proof) read(readers map[string]Reader, event *eventstore.Recorded) {
	*p = proof{}
	var metadata eventstore.Metadata
	if p.err = json.Unmarshal(event.Metadata, &metadata); p.err != nil {
		return
	}
	if p.err = json.Unmarshal(event.Data, &p.said); p.err != nil {
		return
	}
	p.actor, p.command = metadata.Actor, metadata.CommandID
	if e := metadata.Evidence; e != nil {
		p.readEvidence(readers, e)
	}
}

func (p *proof) readEvidence(readers map[string]Reader, e *eventstore.Evidence) {
	p.hasEvidence = true
	p.isRecord = e.Format != "" || e.Encoding != "" || e.Body != nil
	p.format, p.digest, p.received, p.source, p.length = e.Format, e.SHA256, e.Received, e.Source, e.Length
	if e.Body == nil {
		return
	}
	p.hasBody, p.length = true, int64(len(e.Body))
	sum := sha256.Sum256(e.Body)
	p.isWhole = hex.EncodeToString(sum[:]) == e.SHA256
	if reader := readers[e.Format]; reader != nil && e.Encoding == "none" {
		reading := reader.Read(e.Body)
		p.reading = &reading
	}
}

// provenFact is an event as the fold takes it in, and what proves it.
type provenFact struct {
	fact
	proof proof
}
