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
	CausationID   string    `json:"$causationId"`   // ULID of the delivery or command that caused this event
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
func (m Metadata) Encode() ([]byte, error) {
	encoded, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	return encoded, nil
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
