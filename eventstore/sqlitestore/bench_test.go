package sqlitestore_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

var (
	benchData     = fmt.Appendf(nil, `{"text":"%s"}`, bytes.Repeat([]byte("d"), 389))
	benchMetadata = fmt.Appendf(nil, `{"text":"%s"}`, bytes.Repeat([]byte("m"), 1989))
	shortData     = fmt.Appendf(nil, `{"text":"%s"}`, bytes.Repeat([]byte("d"), 189))
	shortMetadata = fmt.Appendf(nil, `{"text":"%s"}`, bytes.Repeat([]byte("m"), 289))
)

// appendOne writes the two events of a paid order to a stream of its own: the
// first one carries the evidence.
func appendOne(store *sqlitestore.Store, random uint64) error {
	stream := eventstore.StreamName(fmt.Sprintf("order-coinbase.%016X", random))
	_, err := store.Append(context.Background(), stream, eventstore.NoStream,
		eventstore.Event{ID: eventstore.DeriveID(stream, string(benchData), 0), Type: "PaymentReceived", Schema: 1, Data: benchData, Metadata: benchMetadata},
		eventstore.Event{ID: eventstore.DeriveID(stream, string(benchData), 1), Type: "PaymentVerified", Schema: 1, Data: shortData, Metadata: shortMetadata})
	return err
}

// BenchmarkAppend appends pairs of events, 2.9 kB, to fresh random streams.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			store := open(b, b.TempDir())
			b.ResetTimer()
			appendMany(b, store, b.N, writers)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

// BenchmarkReadAll reads a log of 200,000 events, 2.9 kB a pair, through the store
// that writes it and through a reader of its own.
func BenchmarkReadAll(b *testing.B) {
	directory := b.TempDir()
	store := open(b, directory)
	appendMany(b, store, 100_000, 64)
	reader := openReader(b, directory)
	for _, each := range []struct {
		name    string
		log     eventstore.Reader
		include []eventstore.Include
	}{
		{"store/data", store, nil},
		{"store/metadata", store, []eventstore.Include{eventstore.WithMetadata}},
		{"reader/data", reader, nil},
		{"reader/metadata", reader, []eventstore.Include{eventstore.WithMetadata}},
	} {
		b.Run(each.name, func(b *testing.B) {
			b.ReportAllocs()
			count := 0
			for b.Loop() {
				for _, err := range each.log.ReadAll(context.Background(), 0, each.include...) {
					if err != nil {
						b.Fatal(err)
					}
					count++
				}
			}
			b.ReportMetric(float64(count)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkDelivery appends one event at a time and waits until a live
// subscriber has it.
func BenchmarkDelivery(b *testing.B) {
	store := open(b, b.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	delivered, done := make(chan eventstore.Position, 1), make(chan struct{})
	go func() {
		defer close(done)
		for message, err := range store.Subscribe(ctx, 0) {
			if err == nil && (message.Event != nil && message.Event.Revision == 1 || message.CaughtUp && message.Position == 1) {
				delivered <- message.Position
			}
		}
	}()
	for <-delivered != 1 { // caught up
	}
	for b.Loop() {
		if err := appendOne(store, rand.Uint64()); err != nil {
			b.Fatal(err)
		}
		<-delivered
	}
	cancel()
	<-done
}

// appendMany divides events among writers.
func appendMany(tb testing.TB, store *sqlitestore.Store, events, writers int) {
	tb.Helper()
	var left atomic.Int64
	left.Store(int64(events))
	done := make(chan error, writers)
	for range writers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := appendOne(store, rand.Uint64()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			tb.Fatal(err)
		}
	}
}
