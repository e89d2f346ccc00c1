package eventstore_test

import (
	"encoding/json"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

// TestMetadataIsWrittenAsItsTagsSay holds the encoder against one that knows
// nothing but the struct tags: same text, or an error of both.
func TestMetadataIsWrittenAsItsTagsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkMetadata(t, drawMetadata(t)) })
}

// FuzzMetadata does the same with texts of another generator.
func FuzzMetadata(f *testing.F) {
	f.Add("01JNA", "callback:coinbase", "coinbase-v1", "CB-SIGNATURE", "c2ln", []byte(`{"order":{}}`), int64(0))
	f.Add("", "\xff", "\u2028<>&\"\\", "\x00", "\x7f", []byte{}, int64(-1))
	f.Fuzz(func(t *testing.T, id, actor, text, header, value string, body []byte, length int64) {
		checkMetadata(t, eventstore.Metadata{CorrelationID: id, Actor: actor})
		checkMetadata(t, eventstore.Metadata{CommandID: id, Evidence: &eventstore.Evidence{
			Format: text, Received: id, Source: text, Headers: map[string]string{header: value, value: header},
			SHA256: text, Length: length, Encoding: text, Body: body,
		}})
	})
}

func drawMetadata(t *rapid.T) eventstore.Metadata {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9:-]{0,40}`), rapid.SampledFrom([]string{"", "\xff", "a\xc0\x80", "\u2028\x7f<&>\"\\/\x00\r\n"}))
	m := eventstore.Metadata{
		CorrelationID: text.Draw(t, "correlation"), CausationID: text.Draw(t, "causation"),
		CommandID: text.Draw(t, "command"), Actor: text.Draw(t, "actor"),
	}
	if !rapid.Bool().Draw(t, "with evidence") {
		return m
	}
	m.Evidence = &eventstore.Evidence{
		Format: text.Draw(t, "format"), Received: text.Draw(t, "received"), Source: text.Draw(t, "source"),
		SHA256: text.Draw(t, "digest"), Length: rapid.Int64().Draw(t, "length"), Encoding: text.Draw(t, "encoding"),
	}
	if rapid.Bool().Draw(t, "with headers") {
		m.Evidence.Headers = rapid.MapOfN(text, text, 0, 3).Draw(t, "headers")
	}
	if rapid.Bool().Draw(t, "with a body") {
		m.Evidence.Body = rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "body")
	}
	return m
}

func checkMetadata(t interface {
	Helper()
	Fatalf(format string, arguments ...any)
}, m eventstore.Metadata) {
	t.Helper()
	want, wantErr := jsonv2.Marshal(m, jsonv2.Deterministic(true))
	got, err := m.Append([]byte("before"))
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("got error %v, want %v", err, wantErr)
	}
	if err == nil && string(got) != "before"+string(want) {
		t.Fatalf("got\n%s\nwant\nbefore%s", got, want)
	}
}

// A buffer that has to grow is copied, with all the evidence in it.
func TestMetadataIsWrittenIntoABufferOfItsSize(t *testing.T) {
	m := eventstore.Metadata{
		CorrelationID: "01JNAB0W5ZQ3V7Y2J9K4M6T8RD", CausationID: "01JNAB0W5ZQ3V7Y2J9K4M6T8RD", CommandID: "01JNAB0W5ZQ3V7Y2J9K4M6T8RD", Actor: "callback:coinbase",
		Evidence: &eventstore.Evidence{
			Format: "coinbase-v1", Received: "2026-03-01T12:00:00.000000Z", Source: "54.243.226.26", Length: -1 << 62,
			SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Encoding: "none", Body: make([]byte, 1_000),
		},
	}
	encoded, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if cap(encoded) > len(encoded)*5/4 {
		t.Errorf("%d bytes in a buffer of %d: it has grown", len(encoded), cap(encoded))
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
