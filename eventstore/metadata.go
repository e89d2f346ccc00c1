package eventstore

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Metadata is what every event says about how it came to be. A store adds
// schema and recordedAt when it hands the metadata out.
type Metadata struct {
	CorrelationID string    `json:"$correlationId"` // ULID of the delivery or command that began it
	CausationID   string    `json:"$causationId"`   // of this event: ULID of a delivery or command, or id of the event that is a process's task
	CommandID     string    `json:"commandId"`      // ULID
	Actor         string    `json:"actor"`          // callback:coinbase, website:shop, operator:alice
	Evidence      *Evidence `json:"evidence,omitzero"`
}

// Evidence is the message that caused an event, byte for byte, so that an
// auditor can check a signature and repeat the translation without trusting
// us. The first event of an append carries it whole; the others refer to it by
// its digest alone.
type Evidence struct {
	Format   string            `json:"format,omitzero"`     // name of the inbound format: coinbase-v1
	Received string            `json:"receivedAt,omitzero"` // RFC 3339, UTC
	Source   string            `json:"source,omitzero"`     // IP address of the sender
	Headers  map[string]string `json:"headers,omitzero"`    // those that a signature covers or that carry it
	SHA256   string            `json:"sha256"`              // of the body, lower-case hexadecimal
	Length   int64             `json:"length,omitzero"`     // of the whole body, where Body holds less of it
	Encoding string            `json:"enc,omitzero"`        // none: Body is not encrypted
	Body     []byte            `json:"body,omitzero"`       // padded standard base64
}

// Encode returns the metadata as JSON.
func (m Metadata) Encode() ([]byte, error) { return m.Append(nil) }

// Append writes the metadata as JSON behind what is in dst, as the struct tags
// say. It is done by hand because evidence is most of what a callback writes.
// Headers are in the order of their names, so that the same metadata is the
// same text.
func (m Metadata) Append(dst []byte) ([]byte, error) {
	o := object{text: slices.Grow(dst, m.size())}
	o.open()
	o.string("$correlationId", m.CorrelationID)
	o.string("$causationId", m.CausationID)
	o.string("commandId", m.CommandID)
	o.string("actor", m.Actor)
	if m.Evidence != nil {
		o.name("evidence")
		m.Evidence.append(&o)
	}
	o.close()
	if o.err != nil {
		return nil, fmt.Errorf("encode metadata: %w", o.err)
	}
	return o.text, nil
}

// size is how long the text becomes if nothing in it has to be escaped. Names
// and punctuation are less than 100 bytes without evidence, and than 150 of it.
func (m Metadata) size() int {
	size := 100 + len(m.CorrelationID) + len(m.CausationID) + len(m.CommandID) + len(m.Actor)
	if e := m.Evidence; e != nil {
		size += 150 + len(e.Format) + len(e.Received) + len(e.Source) + len(e.SHA256) + len(e.Encoding)
		size += base64.StdEncoding.EncodedLen(len(e.Body))
		for name, value := range e.Headers {
			size += len(name) + len(value) + len(`"":"",`)
		}
	}
	return size
}

func (e *Evidence) append(o *object) {
	o.open()
	o.optional("format", e.Format)
	o.optional("receivedAt", e.Received)
	o.optional("source", e.Source)
	if e.Headers != nil {
		o.name("headers")
		o.open()
		for _, header := range slices.Sorted(maps.Keys(e.Headers)) {
			o.comma()
			o.quote(header)
			o.text = append(o.text, ':')
			o.quote(e.Headers[header])
		}
		o.close()
	}
	o.string("sha256", e.SHA256)
	if e.Length != 0 {
		o.name("length")
		o.text = strconv.AppendInt(o.text, e.Length, 10)
	}
	o.optional("enc", e.Encoding)
	if e.Body != nil {
		o.name("body")
		o.text = append(o.text, '"')
		o.text = base64.StdEncoding.AppendEncode(o.text, e.Body)
		o.text = append(o.text, '"')
	}
	o.close()
}

// object appends a JSON object, member by member. The first error stays.
type object struct {
	text []byte
	err  error
}

func (o *object) open()  { o.text = append(o.text, '{') }
func (o *object) close() { o.text = append(o.text, '}') }

// name begins a member whose name has nothing to escape.
func (o *object) name(name string) {
	o.comma()
	o.text = append(o.text, '"')
	o.text = append(o.text, name...)
	o.text = append(o.text, '"', ':')
}

func (o *object) comma() {
	if o.text[len(o.text)-1] != '{' {
		o.text = append(o.text, ',')
	}
}

func (o *object) string(name, value string) {
	o.name(name)
	o.quote(value)
}

// optional leaves out what is empty.
func (o *object) optional(name, value string) {
	if value != "" {
		o.string(name, value)
	}
}

// quote fails on bytes that are not UTF-8.
func (o *object) quote(text string) {
	quoted, err := jsontext.AppendQuote(o.text, text)
	o.text = quoted
	if err != nil && o.err == nil {
		o.err = err
	}
}

// recordedAtLayout is RFC 3339 with a fixed number of digits, so that the
// texts sort like the times.
const recordedAtLayout = "2006-01-02T15:04:05.000000Z"

// FormatTime is how recorded times are written everywhere: RFC 3339, UTC,
// microseconds.
func FormatTime(t time.Time) string { return t.UTC().Format(recordedAtLayout) }

// Stamp returns metadata, a JSON object that has passed Check, with the two
// members that a store adds.
func Stamp(metadata []byte, schema int, recordedAt time.Time) []byte {
	end := len(metadata) - 1 // the closing brace
	stamped := make([]byte, 0, len(metadata)+64)
	stamped = append(stamped, metadata[:end]...)
	if len(bytes.TrimSpace(metadata[1:end])) > 0 {
		stamped = append(stamped, ',')
	}
	stamped = append(stamped, `"schema":`...)
	stamped = strconv.AppendInt(stamped, int64(schema), 10)
	stamped = append(stamped, `,"recordedAt":"`...)
	stamped = recordedAt.UTC().AppendFormat(stamped, recordedAtLayout)
	return append(stamped, `"}`...)
}

// Stamped returns what Stamp has put into metadata.
func Stamped(metadata []byte) (schema int, recordedAt time.Time, err error) {
	if schema, recordedAt, ok := stampOf(metadata); ok {
		return schema, recordedAt, nil
	}
	var stamp struct { // written by another program, in another order
		Schema     int    `json:"schema"`
		RecordedAt string `json:"recordedAt"`
	}
	if err := json.Unmarshal(metadata, &stamp); err != nil {
		return 0, time.Time{}, fmt.Errorf("metadata: %w", err)
	}
	recordedAt, err = time.Parse(time.RFC3339Nano, stamp.RecordedAt)
	if err != nil || stamp.Schema < 1 {
		return 0, time.Time{}, fmt.Errorf("metadata has no schema or recordedAt")
	}
	return stamp.Schema, recordedAt.UTC().Truncate(time.Microsecond), nil
}

// stampOf reads the stamp where Stamp leaves it, at the end.
func stampOf(metadata []byte) (schema int, recordedAt time.Time, ok bool) {
	const member = `,"recordedAt":"`
	at := len(metadata) - len(member) - len(recordedAtLayout) - len(`"}`)
	if at < 0 || string(metadata[at:at+len(member)]) != member || string(metadata[len(metadata)-2:]) != `"}` {
		return 0, time.Time{}, false
	}
	number := bytes.LastIndexByte(metadata[:at], ':')
	if number < 0 || !bytes.HasSuffix(metadata[:number], []byte(`"schema"`)) {
		return 0, time.Time{}, false
	}
	schema, err := strconv.Atoi(string(metadata[number+1 : at]))
	if err != nil || schema < 1 {
		return 0, time.Time{}, false
	}
	text := string(metadata[at+len(member) : len(metadata)-2])
	recordedAt, err = time.Parse(recordedAtLayout, text)
	return schema, recordedAt, err == nil
}
