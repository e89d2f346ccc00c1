package esdbserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/esdbserver/esdbtest"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// patience bounds each test, so that a server that hangs fails it.
const patience = 30 * time.Second

// served is a server under test.
type served struct {
	ctx     context.Context
	server  *esdbserver.Server
	address string
}

// serveScratch serves a new scratch log for writing.
func serveScratch(t testing.TB, change ...func(*esdbserver.Options)) *served {
	t.Helper()
	store := openStore(t, t.TempDir())
	if err := esdbserver.CreateScratch(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	options := esdbserver.Options{AllowAnonymous: true, Writable: true}
	for _, c := range change {
		c(&options)
	}
	return serve(t, store, options)
}

func openStore(t testing.TB, directory string) *sqlitestore.Store {
	t.Helper()
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	return sqlitetest.Open(t, sqlitestore.Options{Directory: directory})
}

func serve(t testing.TB, store eventstore.Store, options esdbserver.Options) *served {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	server, address := esdbtest.Serve(t, store, "127.0.0.1:0", options)
	return &served{ctx: ctx, server: server, address: address}
}

// client connects the official client.
func (s *served) client(t testing.TB) *esdb.Client {
	t.Helper()
	return s.connect(t, fmt.Sprintf("esdb://%s?tls=false", s.address))
}

func (s *served) connect(t testing.TB, url string) *esdb.Client {
	t.Helper()
	return esdbtest.Connect(t, url)
}

// stubs connects without a client: the protocol itself.
func (s *served) stubs(t testing.TB, options ...grpc.DialOption) streams.StreamsClient {
	t.Helper()
	return streams.NewStreamsClient(s.dial(t, options...))
}

func (s *served) dial(t testing.TB, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if len(options) == 0 {
		options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	conn, err := grpc.NewClient(s.address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func makeEvents(count int) []esdb.EventData {
	events := make([]esdb.EventData, count)
	for i := range events {
		events[i] = esdb.EventData{
			EventID:     uuid.New(),
			EventType:   "ThingHappened",
			ContentType: esdb.ContentTypeJson,
			Data:        fmt.Appendf(nil, `{"index":%d}`, i),
			Metadata:    []byte(`{"actor":"test"}`),
		}
	}
	return events
}

// read reads a stream of events to its end.
func read(stream *esdb.ReadStream, err error) ([]*esdb.RecordedEvent, error) {
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var events []*esdb.RecordedEvent
	for {
		resolved, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, resolved.Event)
	}
}

// readOf reads a whole stream.
func (s *served) readOf(t testing.TB, client *esdb.Client, stream string) []*esdb.RecordedEvent {
	t.Helper()
	events, err := read(client.ReadStream(s.ctx, stream, esdb.ReadStreamOptions{}, math.MaxInt64))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// write appends and must succeed.
func (s *served) write(t testing.TB, client *esdb.Client, stream string, expected esdb.ExpectedRevision, events ...esdb.EventData) *esdb.WriteResult {
	t.Helper()
	result, err := client.AppendToStream(s.ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, events...)
	if err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
	return result
}

func idsOf(events []*esdb.RecordedEvent) []uuid.UUID {
	ids := make([]uuid.UUID, len(events))
	for i, e := range events {
		ids[i] = e.EventID
	}
	return ids
}

func proposedIDs(events []esdb.EventData) []uuid.UUID {
	ids := make([]uuid.UUID, len(events))
	for i, e := range events {
		ids[i] = e.EventID
	}
	return ids
}

func wantEqual[V any](t testing.TB, what string, got, want V) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantCode(t testing.TB, what string, err error, want esdb.ErrorCode) {
	t.Helper()
	if got := codeOf(err); err == nil || got != want {
		t.Errorf("%s: got code %d of error %v, want %d", what, got, err, want)
	}
}

func codeOf(err error) esdb.ErrorCode {
	var e *esdb.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return esdb.ErrorCodeUnknown
}
