package esdbserver_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
)

// callback is about what a callback leaves in a log: 400 bytes of data, 1 kB
// of metadata.
func callback(stream eventstore.StreamName) eventstore.Event {
	return eventstore.Event{
		ID: eventstore.EventID(uuid.New()), Type: "PaymentReceived", Schema: 1,
		Data:     fmt.Appendf(nil, `{"order":"%s","filler":"%0360d"}`, stream, 0),
		Metadata: fmt.Appendf(nil, `{"actor":"callback:coinbase","evidence":"%0960d"}`, 0),
	}
}

func BenchmarkReadAll(b *testing.B) {
	store := openStore(b, b.TempDir())
	const count = 20_000
	for i := range count / 100 {
		stream := eventstore.StreamName(fmt.Sprintf("order-%d", i))
		events := make([]eventstore.Event, 100)
		for i := range events {
			events[i] = callback(stream)
		}
		if _, err := store.Append(b.Context(), stream, eventstore.NoStream, events...); err != nil {
			b.Fatal(err)
		}
	}
	s := serve(b, store, esdbserver.Options{AllowAnonymous: true})
	client := s.client(b)
	b.ResetTimer()
	read, before := 0, processorTime(b)
	for range b.N {
		stream, err := client.ReadAll(b.Context(), esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64)
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := stream.Recv(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			read++
		}
		stream.Close()
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(read), "cpu-µs/event")
}

// processorTime is that of the process, client included: other than the time
// that has gone by, it says the same on a machine that has other work.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkAppend is as many writers as a busy receiver has, one event each.
func BenchmarkAppend(b *testing.B) {
	s := serveScratch(b)
	client := s.client(b)
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := uuid.New()
			e := callback(eventstore.StreamName("order-" + id.String()))
			_, err := client.AppendToStream(b.Context(), "order-"+id.String(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, esdb.EventData{
				EventID: id, EventType: e.Type, ContentType: esdb.ContentTypeJson, Data: e.Data, Metadata: e.Metadata,
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
