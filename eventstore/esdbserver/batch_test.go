package esdbserver_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"daybook/eventstore/esdbserver"
)

func textID(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
}

func batchOptions(stream string) *streams.BatchAppendReq_Options {
	return &streams.BatchAppendReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(stream)},
		ExpectedStreamPosition: &streams.BatchAppendReq_Options_NoStream{NoStream: &emptypb.Empty{}},
		DeadlineOption:         &streams.BatchAppendReq_Options_Deadline{Deadline: durationpb.New(10 * time.Second)},
	}
}

func batchEvents(count, size int) []*streams.BatchAppendReq_ProposedMessage {
	events := make([]*streams.BatchAppendReq_ProposedMessage, count)
	for i := range events {
		events[i] = &streams.BatchAppendReq_ProposedMessage{
			Id:       textID(uuid.New()),
			Metadata: map[string]string{"type": "T", "content-type": "application/octet-stream"},
			Data:     make([]byte, size),
		}
	}
	return events
}

// Writes whose messages are mixed are answered each with its own outcome.
func TestBatchAppend(t *testing.T) {
	s := serveScratch(t)
	call, err := s.stubs(t).BatchAppend(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	send := func(request *streams.BatchAppendReq) {
		t.Helper()
		if err := call.Send(request); err != nil {
			t.Fatal(err)
		}
	}
	const writes = 50
	var ids [writes]uuid.UUID
	for i := range ids {
		ids[i] = uuid.New()
		send(&streams.BatchAppendReq{CorrelationId: textID(ids[i]), Options: batchOptions(fmt.Sprintf("order-%d", i%40)), ProposedMessages: batchEvents(2, 10)})
	}
	for i := range ids {
		send(&streams.BatchAppendReq{CorrelationId: textID(ids[i]), ProposedMessages: batchEvents(1, 10), IsFinal: true})
	}
	failing := map[string]*streams.BatchAppendReq{
		"too large":  {Options: batchOptions("order-large"), ProposedMessages: batchEvents(3, 500_000)},
		"no options": {ProposedMessages: batchEvents(1, 10)},
		"no type":    {Options: batchOptions("order-x"), ProposedMessages: []*streams.BatchAppendReq_ProposedMessage{{Id: textID(uuid.New())}}},
		"late":       {Options: batchOptions("order-late"), ProposedMessages: batchEvents(1, 10)},
	}
	failing["late"].Options.DeadlineOption = &streams.BatchAppendReq_Options_Deadline_21_10_0{Deadline_21_10_0: timestamppb.New(time.Now().Add(-time.Second))}
	wantCodes := map[string]codes.Code{"too large": codes.InvalidArgument, "no options": codes.InvalidArgument, "no type": codes.InvalidArgument, "late": codes.DeadlineExceeded}
	failed := make(map[string]codes.Code)
	for name, request := range failing {
		id := uuid.New()
		request.CorrelationId, request.IsFinal = textID(id), true
		failed[id.String()] = wantCodes[name]
		send(request)
	}
	if err := call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	written, conflicts := 0, 0
	for {
		response, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		id := response.GetCorrelationId().GetString_()
		want, fails := failed[id]
		switch {
		case fails && codes.Code(response.GetError().GetCode()) != want:
			t.Errorf("got %v, want %s", response, want)
		case fails:
			delete(failed, id)
		case response.GetSuccess() != nil:
			written++
			wantEqual(t, "revision", response.GetSuccess().GetCurrentRevision(), 2)
			wantEqual(t, "has a position", response.GetSuccess().GetPosition().GetCommitPosition() > 0, true)
		default:
			conflicts++
			wantEqual(t, "code", codes.Code(response.GetError().GetCode()), codes.AlreadyExists)
			var wrong shared.WrongExpectedVersion
			if err := response.GetError().GetDetails()[0].UnmarshalTo(&wrong); err != nil || wrong.GetCurrentStreamRevision() != 2 || wrong.GetExpectedNoStream() == nil {
				t.Errorf("got %v: %v", &wrong, err)
			}
			wantEqual(t, "names its stream", len(response.GetStreamIdentifier().GetStreamName()) > 0, true)
		}
	}
	wantEqual(t, "written", written, 40)
	wantEqual(t, "conflicts", conflicts, writes-40)
	wantEqual(t, "not answered", len(failed), 0)
}

// A batch that never ends its writes is ended before it holds much.
func TestBatchesThatGoOnForEver(t *testing.T) {
	s := serveScratch(t)
	stubs := s.stubs(t)
	for name, request := range map[string]func() *streams.BatchAppendReq{
		"writes": func() *streams.BatchAppendReq {
			return &streams.BatchAppendReq{CorrelationId: textID(uuid.New()), Options: batchOptions("order-1")}
		},
		"bytes": func() *streams.BatchAppendReq {
			return &streams.BatchAppendReq{CorrelationId: textID(uuid.New()), Options: batchOptions("order-1"), ProposedMessages: batchEvents(1, 1_000_000)}
		},
	} {
		call, err := stubs.BatchAppend(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		for ; sent < 10_000 && call.Send(request()) == nil; sent++ {
		}
		if _, err := call.Recv(); err == nil || sent == 10_000 {
			t.Errorf("%s: %d were taken: %v", name, sent, err)
		}
	}
}

func TestBatchAppendToRealLog(t *testing.T) {
	s := serve(t, openStore(t, t.TempDir()), esdbserver.Options{AllowAnonymous: true})
	call, err := s.stubs(t).BatchAppend(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Send(&streams.BatchAppendReq{CorrelationId: textID(uuid.New()), Options: batchOptions("order-1"), ProposedMessages: batchEvents(1, 1), IsFinal: true}); err != nil {
		t.Fatal(err)
	}
	response, err := call.Recv()
	if err != nil || codes.Code(response.GetError().GetCode()) != codes.PermissionDenied {
		t.Errorf("got %v: %v", response, err)
	}
	// Stop ends a batch that is waiting for its client.
	stopping := time.Now()
	s.server.Stop(s.ctx)
	if took := time.Since(stopping); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if _, err := call.Recv(); err == nil {
		t.Error("the batch goes on")
	}
}
