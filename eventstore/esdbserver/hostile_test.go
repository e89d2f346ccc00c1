package esdbserver_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
)

func readAllRequest(follow bool) *streams.ReadReq {
	options := &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}},
		CountOption:  &streams.ReadReq_Options_Count{Count: math.MaxUint64},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption:   &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
	}
	if follow {
		options.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	}
	return &streams.ReadReq{Options: options}
}

// Readers that take one event and then nothing hold at most a page each; they
// keep neither writers nor the write-ahead log from going on, and do not hold
// up Stop.
func TestReadersThatStandStill(t *testing.T) {
	directory := t.TempDir()
	store := openStore(t, directory)
	fill := func(stream string, count int) {
		for i := range count {
			e := callback(eventstore.StreamName(stream))
			e.Data = fmt.Appendf(nil, `{"filler":"%020000d"}`, i)
			expected := eventstore.NoStream
			if i > 0 {
				expected = eventstore.At(eventstore.Revision(i - 1))
			}
			if _, err := store.Append(t.Context(), eventstore.StreamName(stream), expected, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill("order-1", 1500) // 30 MB
	s := serve(t, store, esdbserver.Options{AllowAnonymous: true})
	const readers = 60
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range readers {
		stubs := s.stubs(t)
		stream, err := stubs.Read(s.ctx, readAllRequest(i%2 == 0))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(200 * time.Millisecond) // until they have filled what they fill
	var after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > readers*3<<20 {
		t.Errorf("%d readers hold %d MB", readers, grown>>20)
	}
	fill("order-2", 1500)
	wantNothingPinned(t, filepath.Join(directory, "daybook.db"))
	begin := time.Now()
	ctx, cancel := context.WithTimeout(s.ctx, 100*time.Millisecond)
	defer cancel()
	s.server.Stop(ctx)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

// wantNothingPinned waits until all of the write-ahead log has been copied to
// the main file, which a reader with an open transaction would prevent.
func wantNothingPinned(t *testing.T, file string) {
	t.Helper()
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var frames, copied int64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		err := sqlitex.Execute(conn, "PRAGMA wal_checkpoint(PASSIVE)", &sqlitex.ExecOptions{ResultFunc: func(row *sqlite.Stmt) error {
			frames, copied = row.ColumnInt64(1), row.ColumnInt64(2)
			return nil
		}})
		if err == nil && frames == copied {
			return
		}
	}
	t.Errorf("of %d frames of the write-ahead log %d have been copied", frames, copied)
}

// Strangers get nothing decoded: what they send is refused before it is read.
func TestHugeMessages(t *testing.T) {
	s := serveScratch(t, func(o *esdbserver.Options) {
		o.AllowAnonymous, o.Credentials, o.Writable = false, roles, false
	})
	huge := &streams.ReadReq{Options: readAllRequest(false).GetOptions()}
	huge.Options.FilterOption = &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter: &streams.ReadReq_Options_FilterOptions_EventType{EventType: &streams.ReadReq_Options_FilterOptions_Expression{Regex: strings.Repeat("a", 8<<20)}},
	}}
	stubs := s.stubs(t)
	stream, err := stubs.Read(s.ctx, huge)
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("got %v", err)
	}
	// What may be called by anybody takes no more than a small message.
	request := &shared.Empty{}
	request.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), make([]byte, 8<<20)))
	_, err = serverfeatures.NewServerFeaturesClient(s.dial(t)).GetSupportedMethods(s.ctx, request)
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
}

// A writer that never ends its append, and one that ends the connection in the
// middle of it, leave nothing behind.
func TestAppendsThatAreAbandoned(t *testing.T) {
	s := serveScratch(t)
	for range 20 {
		conn := s.dial(t)
		call, err := streams.NewStreamsClient(conn).Append(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range []*streams.AppendReq{
			{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
				StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("order-1")}, ExpectedStreamRevision: &streams.AppendReq_Options_Any{},
			}}},
			{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
				Id:       &shared.UUID{Value: &shared.UUID_String_{String_: uuid.NewString()}},
				Metadata: map[string]string{"type": "T", "content-type": "application/json"}, Data: []byte("{}"),
			}}},
		} {
			if err := call.Send(message); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	client := s.client(t)
	_, err := read(client.ReadStream(s.ctx, "order-1", esdb.ReadStreamOptions{}, 10))
	wantCode(t, "the stream", err, esdb.ErrorCodeResourceNotFound)
}

// Too many calls are refused while they are open, and taken again afterwards;
// a connection too many waits.
func TestLimits(t *testing.T) {
	const calls = 5
	s := serveScratch(t, func(o *esdbserver.Options) { o.MaxCalls, o.MaxConnections = calls, 2 })
	connections := []streams.StreamsClient{s.stubs(t), s.stubs(t)}
	open := func(i int) (context.CancelFunc, error) {
		ctx, cancel := context.WithCancel(s.ctx)
		stream, err := connections[i%2].Read(ctx, readAllRequest(true))
		if err == nil {
			_, err = stream.Recv()
		}
		return cancel, err
	}
	var cancels []context.CancelFunc
	for i := range calls {
		cancel, err := open(i)
		if err != nil {
			t.Fatal(err)
		}
		cancels = append(cancels, cancel)
	}
	cancel, err := open(0)
	cancel()
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("one call too many: %v", err)
	}
	third := s.stubs(t)
	ctx, cancelThird := context.WithTimeout(s.ctx, 300*time.Millisecond)
	defer cancelThird()
	if _, err := third.Delete(ctx, &streams.DeleteReq{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("one connection too many: %v", err)
	}
	for _, cancel := range cancels {
		cancel()
	}
	for {
		cancel, err := open(0)
		cancel()
		if err == nil {
			return
		}
		if s.ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
