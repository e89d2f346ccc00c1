package eventstore_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daybook/eventstore"
)

var recordedAt = time.Date(2026, 3, 1, 13, 0, 0, 1_234_567, time.FixedZone("CET", 3600))

func TestMetadataHasTheMembersThatReadersRelyOn(t *testing.T) {
	encoded, err := eventstore.Metadata{
		CorrelationID: "01JNA",
		CausationID:   "01JNB",
		CommandID:     "01JNC",
		Actor:         "callback:coinbase",
		Evidence: &eventstore.Evidence{
			Format:   "coinbase-v1",
			Received: "2026-03-01T12:00:00Z",
			Source:   "54.243.226.26",
			Headers:  map[string]string{"Content-Type": "application/json"},
			SHA256:   "00ff",
			Length:   3,
			Encoding: "none",
			Body:     []byte{0xff, 0xfe, '>'},
		},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"$correlationId":"01JNA","$causationId":"01JNB","commandId":"01JNC","actor":"callback:coinbase",` +
		`"evidence":{"format":"coinbase-v1","receivedAt":"2026-03-01T12:00:00Z","source":"54.243.226.26",` +
		`"headers":{"Content-Type":"application/json"},"sha256":"00ff","length":3,"enc":"none","body":"//4+"},` +
		`"schema":2,"recordedAt":"2026-03-01T12:00:00.001234Z"}`
	stamped := eventstore.Stamp(encoded, 2, recordedAt)
	if diff := cmp.Diff(want, string(stamped)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMetadataWithoutEvidenceOmitsIt(t *testing.T) {
	encoded, err := eventstore.Metadata{Actor: "website:shop"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"$correlationId":"","$causationId":"","commandId":"","actor":"website:shop"}`
	if string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
}

func TestStampedMetadataIsJSONWhateverItWas(t *testing.T) {
	for _, metadata := range []string{`{}`, `{ }`, "{\n}", `{"a":1}`, `{"a":{}}`, `{"a":1 }`} {
		original := string(metadata)
		stamped := eventstore.Stamp([]byte(metadata), 1, recordedAt)
		var members map[string]any
		if err := json.Unmarshal(stamped, &members); err != nil {
			t.Errorf("%s became %s: %v", original, stamped, err)
		}
		if members["schema"] != 1.0 || members["recordedAt"] != "2026-03-01T12:00:00.001234Z" {
			t.Errorf("%s became %s", original, stamped)
		}
	}
}

func TestStampingLeavesTheOriginalAlone(t *testing.T) {
	metadata := append(make([]byte, 0, 1000), `{"a":1}`...)
	eventstore.Stamp(metadata, 1, recordedAt)
	if string(metadata) != `{"a":1}` {
		t.Errorf("it became %s", metadata)
	}
}

func TestStampedReadsWhatStampHasWritten(t *testing.T) {
	at := time.Date(2026, 11, 22, 4, 5, 6, 70_000, time.UTC)
	for _, metadata := range []string{`{}`, `{ }`, `{"actor":"a"}`, `{"actor":"a","recordedAt":"x"}`, `{"n":{"schema":9}}`} {
		schema, recordedAt, err := eventstore.Stamped(eventstore.Stamp([]byte(metadata), 12, at))
		if err != nil || schema != 12 || !recordedAt.Equal(at) || recordedAt.Location() != time.UTC {
			t.Errorf("%s: schema %d, recorded at %v, error %v", metadata, schema, recordedAt, err)
		}
	}
	schema, recordedAt, err := eventstore.Stamped([]byte(`{"recordedAt": "2026-11-22T05:05:06.00007+01:00", "schema": 12, "more": {}}`))
	if err != nil || schema != 12 || !recordedAt.Equal(at) {
		t.Errorf("written by others: schema %d, recorded at %v, error %v", schema, recordedAt, err)
	}
	for _, metadata := range []string{``, `{}`, `[]`, `{"schema":1}`, `{"schema":0,"recordedAt":"2026-11-22T04:05:06.000070Z"}`, `{"schema":"1","recordedAt":"2026-11-22T04:05:06.000070Z"}`, `,"schema":1,"recordedAt":"2026-11-22T04:65:06.000070Z"}`} {
		if _, _, err := eventstore.Stamped([]byte(metadata)); err == nil {
			t.Errorf("%s: no error", metadata)
		}
	}
}
