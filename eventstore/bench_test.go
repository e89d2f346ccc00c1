package eventstore_test

import (
	"bytes"
	"testing"
	"time"

	"daybook/eventstore"
)

// BenchmarkMetadataEncode writes the metadata of a callback's first event, with
// a body of a usual size as evidence.
func BenchmarkMetadataEncode(b *testing.B) {
	const id = "01JNAB0W5ZQ3V7Y2J9K4M6T8RD"
	m := eventstore.Metadata{
		CorrelationID: id, CausationID: id, CommandID: id, Actor: "callback:coinbase",
		Evidence: &eventstore.Evidence{
			Format: "coinbase-v1", Received: eventstore.FormatTime(time.Unix(1_772_366_400, 0)), Source: "54.243.226.26",
			SHA256:   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			Encoding: "none", Body: bytes.Repeat([]byte("body"), 225),
		},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDeriveID(b *testing.B) {
	cause := eventstore.NewULID(time.Now())
	b.ReportAllocs()
	for b.Loop() {
		ids := eventstore.Cause("order-coinbase.5RTQNACF", cause)
		ids.ID(0)
		ids.ID(1)
	}
}
