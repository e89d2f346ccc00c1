package eventstoredb_test

import (
	"fmt"
	"testing"

	"daybook/eventstore"
)

// BenchmarkReadAll reads a whole log over the protocol, from a server in the
// same process: it shares the processors with the reader.
func BenchmarkReadAll(b *testing.B) {
	const count = 100_000
	d := newDatabase(b)
	store := open(b, d.url())
	for stream := range count / 1000 {
		name := eventstore.StreamName(fmt.Sprint("bench-", stream))
		if _, err := store.Append(b.Context(), name, eventstore.NoStream, makeEvents(name, "bench", 1000)...); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		read := 0
		for _, err := range store.ReadAll(b.Context(), 0) {
			if err != nil {
				b.Fatal(err)
			}
			read++
		}
		if read != count+1 {
			b.Fatalf("read %d events", read)
		}
	}
	b.ReportMetric(float64(b.N)*count/b.Elapsed().Seconds(), "events/s")
}
