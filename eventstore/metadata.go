package eventstore

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
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

// Encode returns the metadata as JSON. Headers are in the order of their names, so
// that the same metadata is the same text.
func (m Metadata) Encode() ([]byte, error) {
	text, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	return text, nil
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
