package eventstoredb_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"daybook/eventstore"
)

// ruled is a server whose access rules are given one after the other.
type ruled struct {
	streams.UnimplementedStreamsServer
	readAll, read, write atomic.Bool
}

func denied(trailer interface{ SetTrailer(metadata.MD) }) error {
	trailer.SetTrailer(metadata.Pairs("exception", "access-denied"))
	return status.Error(codes.PermissionDenied, "Access Denied")
}

func (r *ruled) Read(request *streams.ReadReq, to streams.Streams_ReadServer) error {
	switch {
	case request.GetOptions().GetAll() != nil && !r.readAll.Load(), request.GetOptions().GetStream() != nil && !r.read.Load():
		return denied(to)
	}
	if request.GetOptions().GetSubscription() == nil {
		return to.Send(eventAt(100))
	}
	for _, answer := range []*streams.ReadResp{confirmation(), eventAt(100), {Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}} {
		if err := to.Send(answer); err != nil {
			return err
		}
	}
	<-to.Context().Done()
	return nil
}

func (r *ruled) Append(to streams.Streams_AppendServer) error {
	if !r.write.Load() {
		return denied(to)
	}
	return to.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: 9, PreparePosition: 9}},
	}}})
}

// TestTheMissingRightIsNamed gives one right after the other, and needs no other
// store each time.
func TestTheMissingRightIsNamed(t *testing.T) {
	r := &ruled{}
	store := open(t, serveStreams(t, r))
	const stream = eventstore.StreamName("test-one")
	appendOne := func() error {
		_, err := store.Append(bounded(t), stream, eventstore.NoStream, makeEvents(stream, "x", 1)...)
		return err
	}
	check := func(what string, err error, says ...string) {
		t.Helper()
		if !errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrDamaged) {
			t.Errorf("%s: %v", what, err)
			return
		}
		for _, part := range append(says, "EventStoreDB does not let the user", "namespace daybook", "docs/eventstoredb.md", "goes on by itself") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is missing in %v", what, part, err)
			}
		}
	}
	check("the first append", appendOne(), "read its streams", "$r of $userStreamAcl")
	check("read", endOf(store.Read(bounded(t), stream, 0)), "read its streams", "$settings", "$r of $userStreamAcl")
	r.read.Store(true)
	check("append", appendOne(), "append to its streams", "$settings", "$w of $userStreamAcl")
	check("ready", store.Ready(bounded(t)), "append to its streams")
	r.write.Store(true)
	if err := errors.Join(appendOne(), store.Ready(bounded(t))); err != nil {
		t.Errorf("with the right: %v", err)
	}
	check("read of the log", endOf(store.ReadAll(bounded(t), 0)), "read $all", "$$$all", "$r of $acl")
	_, err := followLog(t, store, stream)
	check("subscription", err, "read $all", "$$$all")
	r.readAll.Store(true)
	if count, err := followLog(t, store, stream); count != 1 || err != nil {
		t.Errorf("with the right a subscription delivers %d events, %v", count, err)
	}
}

// silent is a server that drops the first append of each stream without an
// answer, as EventStoreDB does with one that races with its repetition.
type silent struct {
	ruled
	appends atomic.Int64
}

func (s *silent) Append(to streams.Streams_AppendServer) error {
	if s.appends.Add(1) == 1 {
		<-to.Context().Done()
		return nil
	}
	return s.ruled.Append(to)
}

// TestAnAppendThatIsDroppedIsSentAgain has as much time as a callback has.
func TestAnAppendThatIsDroppedIsSentAgain(t *testing.T) {
	s := &silent{}
	s.read.Store(true)
	s.write.Store(true)
	store := open(t, serveStreams(t, s))
	ctx, cancel := contextOfACallback(t)
	defer cancel()
	const stream = eventstore.StreamName("test-one")
	if _, err := store.Append(ctx, stream, eventstore.NoStream, makeEvents(stream, "x", 1)...); err != nil || s.appends.Load() != 2 {
		t.Errorf("after %d appends: %v", s.appends.Load(), err)
	}
}

// timedOut is a server that gives up an append after its own 2 s.
type timedOut struct {
	ruled
	appends atomic.Int64
}

func (s *timedOut) Append(to streams.Streams_AppendServer) error {
	if s.appends.Add(1) == 1 {
		return status.Error(codes.Aborted, "Operation timed out: Server timed out")
	}
	return to.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: &streams.AppendResp_WrongExpectedVersion{
		CurrentRevisionOption: &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}},
	}}})
}

func TestAnAppendThatTheServerGaveUpIsSentAgain(t *testing.T) {
	s := &timedOut{}
	s.read.Store(true)
	store := open(t, serveStreams(t, s))
	ctx, cancel := contextOfACallback(t)
	defer cancel()
	const stream = eventstore.StreamName("test-one")
	_, err := store.Append(ctx, stream, eventstore.NoStream, makeEvents(stream, "x", 1)...)
	if !errors.Is(err, eventstore.ErrConflict) || s.appends.Load() != 2 {
		t.Errorf("after %d appends: %v", s.appends.Load(), err)
	}
}
