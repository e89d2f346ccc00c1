package eventstoredb_test

import (
	"math"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/projections/follow"
)

// script is a server that answers every read with what a test says, as other
// versions of EventStoreDB do and ours does not.
type script struct {
	streams.UnimplementedStreamsServer
	answer func(streams.Streams_ReadServer) error

	asked atomic.Pointer[streams.ReadReq_Options] // last
}

func (s *script) Read(r *streams.ReadReq, to streams.Streams_ReadServer) error {
	s.asked.Store(r.GetOptions())
	return s.answer(to)
}

func serveScript(t *testing.T, answer func(streams.Streams_ReadServer) error) (url string) {
	t.Helper()
	return (&script{answer: answer}).serve(t)
}

func (s *script) serve(t *testing.T) (url string) { return serveStreams(t, s) }

func serveStreams(t *testing.T, s streams.StreamsServer) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	streams.RegisterStreamsServer(server, s)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "esdb://" + listener.Addr().String() + "?tls=false"
}

func confirmation() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "one"}}}
}

func checkpoint(commit, prepare uint64) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: commit, PreparePosition: prepare}}}
}

func eventAt(position uint64) *streams.ReadResp {
	id := eventstore.EventID{byte(position)}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{Event: &streams.ReadResp_ReadEvent_RecordedEvent{
		Id:               &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}},
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("daybook.test-one")},
		CommitPosition:   position, PreparePosition: position,
		Metadata:       map[string]string{"type": "ThingHappened"},
		CustomMetadata: eventstore.Stamp([]byte(`{}`), 1, time.Now()),
		Data:           []byte(`{"logId":"01JNA"}`),
	}}}}
}

// TestCheckpointsOfOtherVersionsLoseNothing has the two positions that are not
// those of a record: version 25 sends where the next one will stand, version
// 24.10 the end of the log.
func TestCheckpointsOfOtherVersionsLoseNothing(t *testing.T) {
	store := open(t, serveScript(t, func(to streams.Streams_ReadServer) error {
		for _, answer := range []*streams.ReadResp{
			confirmation(), checkpoint(math.MaxUint64, math.MaxUint64), eventAt(100), checkpoint(200, 0), eventAt(200), checkpoint(250, 250), eventAt(300),
		} {
			if err := to.Send(answer); err != nil {
				return err
			}
		}
		<-to.Context().Done()
		return to.Context().Err()
	}))
	var events, marks []eventstore.Position
	for message, err := range store.Subscribe(bounded(t), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if message.Event == nil {
			marks = append(marks, message.Position)
			continue
		}
		if events = append(events, message.Position); message.Position == 300 {
			break
		}
	}
	if !slices.Equal(events, []eventstore.Position{100, 200, 300}) || !slices.Equal(marks, []eventstore.Position{250}) {
		t.Errorf("delivered are %v, marks %v", events, marks)
	}
}

// TestASlowConsumerIsServedOn has a server that ends a subscription because its
// consumer is slow, as version 23.10 does many times a second. A rest before each
// would take several times as long as all that happens here.
func TestASlowConsumerIsServedOn(t *testing.T) {
	var calls atomic.Int64
	s := &script{answer: func(to streams.Streams_ReadServer) error {
		first := uint64(100 * calls.Add(1))
		for _, answer := range []*streams.ReadResp{confirmation(), eventAt(first)} {
			if err := to.Send(answer); err != nil {
				return err
			}
		}
		return status.Error(codes.Aborted, "Operation timed out: Consumer too slow to handle event while live. Client resubscription required.")
	}}
	store := open(t, s.serve(t))
	const endings = 500
	next, started := eventstore.Position(100), time.Now()
	for message, err := range store.Subscribe(bounded(t), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if message.Position != next {
			t.Fatalf("delivered is %s, want %s", message.Position, next)
		}
		if next += 100; next > 100*endings {
			break
		}
	}
	if from := s.asked.Load().GetAll().GetPosition().GetCommitPosition(); from != 100*(endings-1) {
		t.Errorf("the last subscription begins behind %d, not %d", from, 100*(endings-1))
	}
	if took := time.Since(started); took > 4*time.Second {
		t.Errorf("%d subscriptions took %s", endings, took)
	}
}

// TestASubscriptionThatGetsNowhereEnds has a server that confirms subscriptions
// and drops them, as one without a leader does.
func TestASubscriptionThatGetsNowhereEnds(t *testing.T) {
	var calls atomic.Int64
	store := open(t, serveScript(t, func(to streams.Streams_ReadServer) error {
		calls.Add(1)
		if err := to.Send(confirmation()); err != nil {
			return err
		}
		return status.Error(codes.Unknown, "no leader")
	}))
	started := time.Now()
	if err := endOf(store.Subscribe(bounded(t), 0)); err == nil {
		t.Error("it ends without an error")
	}
	if took := time.Since(started); took > 10*time.Second || calls.Load() > 20 {
		t.Errorf("it ends after %s and %d subscriptions", took, calls.Load())
	}
}

// TestAModelBehindAMarkMissesNothing has a read model that had followed events
// of others further than the database now reaches: it was restored.
func TestAModelBehindAMarkMissesNothing(t *testing.T) {
	store := open(t, newDatabase(t).url())
	ctx := bounded(t)
	known := makeEvents("test-known", "x", 1)
	if _, err := store.Append(ctx, "test-known", eventstore.NoStream, known...); err != nil {
		t.Fatal(err)
	}
	id, err := eventstore.LogID(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	stored := follow.Checkpoint{LogID: id, Position: 5000, Fold: 1, EventID: known[0].ID, Stream: "test-known"}
	start, err := follow.Check(ctx, store, 1, stored)
	if err != nil {
		t.Fatal(err)
	}
	later, err := store.Append(ctx, "test-later", eventstore.NoStream, makeEvents("test-later", "y", 1)...)
	if err != nil {
		t.Fatal(err)
	}
	for message, err := range store.Subscribe(ctx, start.Position) {
		if err != nil {
			t.Fatal(err)
		}
		if message.Event != nil {
			if message.Position != later.Position {
				t.Errorf("delivered is %s, want %s", message.Position, later.Position)
			}
			break
		}
	}
}

// TestASingleAddressIsAskedAgain has a leader that was found through another
// server and goes away for good.
func TestASingleAddressIsAskedAgain(t *testing.T) {
	var elected atomic.Bool
	leader := newDatabase(t)
	follower := newDatabase(t, func(o *esdbserver.Options) {
		o.Leader = func() string {
			if elected.Load() {
				return ""
			}
			return leader.address
		}
	})
	store := open(t, follower.url())
	ctx := bounded(t)
	if _, err := store.Append(ctx, "test-one", eventstore.NoStream, makeEvents("test-one", "x", 1)...); err != nil {
		t.Fatal(err)
	}
	leader.stop(t)
	elected.Store(true)
	if _, err := store.Append(ctx, "test-two", eventstore.NoStream, makeEvents("test-two", "x", 1)...); err != nil {
		t.Error(err)
	}
}
