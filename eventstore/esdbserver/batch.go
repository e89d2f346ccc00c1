package esdbserver

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"

	"daybook/eventstore"
)

const (
	// maxBatchOpen bounds the writes of one BatchAppend that are being received
	// or committed; further ones wait to be read.
	maxBatchOpen = 256

	// maxBatchBytes bounds the events of writes that are being received.
	maxBatchBytes = 16 << 20
)

// BatchAppend implements streams.StreamsServer: many writes at once over one
// call. Each is answered when it has been committed, in any order.
func (s *service) BatchAppend(with streams.Streams_BatchAppendServer) error {
	b := &batch{service: s, with: with, open: make(map[eventstore.EventID]*batchWrite), slots: make(chan struct{}, maxBatchOpen)}
	ctx, cancel := context.WithCancel(with.Context())
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	err := b.receiveAll(ctx)
	b.committing.Wait()
	if s.stopping.Err() != nil {
		return shuttingDown()
	}
	return err
}

// batch is the state of one BatchAppend.
type batch struct {
	service *service
	with    streams.Streams_BatchAppendServer
	slots   chan struct{} // holds one for each write that is being committed

	open map[eventstore.EventID]*batchWrite // by correlation id
	held int                                // bytes of them

	committing sync.WaitGroup
	sending    sync.Mutex
}

// batchWrite is one write of it. Its options come with its first message.
type batchWrite struct {
	write

	correlation *shared.UUID
	options     *streams.BatchAppendReq_Options
	refused     error // why it is not going to be written, when that is known
}

func (b *batch) receiveAll(ctx context.Context) error {
	requests, failed := b.requests(ctx)
	for {
		select {
		case request := <-requests:
			if err := b.receive(ctx, request); err != nil {
				return err
			}
		case err := <-failed:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// requests receives beside the call, which may end meanwhile: receiving ends
// behind it.
func (b *batch) requests(ctx context.Context) (<-chan *streams.BatchAppendReq, <-chan error) {
	requests, failed := make(chan *streams.BatchAppendReq), make(chan error, 1)
	go func() {
		for {
			request, err := b.with.Recv()
			if err != nil {
				failed <- err
				return
			}
			select {
			case requests <- request:
			case <-ctx.Done():
				return
			}
		}
	}()
	return requests, failed
}

// receive takes one message of a write, and has the write committed if it is
// the last.
func (b *batch) receive(ctx context.Context, request *streams.BatchAppendReq) error {
	id, err := decodeID(request.GetCorrelationId())
	if err != nil {
		return err
	}
	w := b.open[id]
	if w == nil {
		if len(b.open) == maxBatchOpen {
			return invalid("more than %d writes are open", maxBatchOpen)
		}
		w = b.begin(request)
		b.open[id] = w
	}
	before := w.size
	for _, proposed := range request.GetProposedMessages() {
		if w.refused == nil {
			w.refused = w.add(proposed, b.service.most)
		}
	}
	if w.refused != nil {
		w.events, w.size = nil, 0
	}
	if b.held += w.size - before; b.held > maxBatchBytes {
		return invalid("more than %d bytes of writes are open", maxBatchBytes)
	}
	if !request.GetIsFinal() {
		return nil
	}
	delete(b.open, id)
	b.held -= w.size
	return b.commit(ctx, w)
}

func (b *batch) begin(request *streams.BatchAppendReq) *batchWrite {
	options := request.GetOptions()
	w := &batchWrite{correlation: request.GetCorrelationId(), options: options}
	w.stream = string(options.GetStreamIdentifier().GetStreamName())
	if options == nil {
		w.refused = invalid("a write begins with its options")
	} else if w.expected, w.refused = expectationOf(options, options.GetExpectedStreamPosition() != nil, options.GetStreamPosition()); w.refused == nil {
		w.refused = b.service.mayWrite(b.with.Context(), w.stream)
	}
	return w
}

// commit writes beside what is received next.
func (b *batch) commit(ctx context.Context, w *batchWrite) error {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.committing.Go(func() {
		defer func() { <-b.slots }()
		response := b.write(ctx, w)
		b.sending.Lock()
		defer b.sending.Unlock()
		_ = b.with.Send(response) // if it fails the call has ended
	})
	return nil
}

func (b *batch) write(ctx context.Context, w *batchWrite) *streams.BatchAppendResp {
	response := &streams.BatchAppendResp{CorrelationId: w.correlation, StreamIdentifier: identifier(w.stream)}
	w.echoExpectation(response)
	err := w.refused
	var result written
	if err == nil {
		ctx, cancel := w.deadline(ctx)
		defer cancel()
		result, err = b.service.writer.append(ctx, w.write)
	}
	if err != nil {
		response.Result = &streams.BatchAppendResp_Error{Error: batchError(err)}
		return response
	}
	success := &streams.BatchAppendResp_Success{
		CurrentRevisionOption: &streams.BatchAppendResp_Success_NoStream{NoStream: &emptypb.Empty{}},
		PositionOption:        &streams.BatchAppendResp_Success_NoPosition{NoPosition: &emptypb.Empty{}},
	}
	if result.any {
		success.CurrentRevisionOption = &streams.BatchAppendResp_Success_CurrentRevision{CurrentRevision: result.revision}
	}
	if result.position > 0 {
		success.PositionOption = &streams.BatchAppendResp_Success_Position{Position: &shared.AllStreamPosition{
			CommitPosition: uint64(result.position), PreparePosition: uint64(result.position),
		}}
	}
	response.Result = &streams.BatchAppendResp_Success_{Success: success}
	return response
}

// deadline is the one that the client gives to a write, or none.
func (w *batchWrite) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	switch option := w.options.GetDeadlineOption().(type) {
	case *streams.BatchAppendReq_Options_Deadline_21_10_0:
		return context.WithDeadline(ctx, option.Deadline_21_10_0.AsTime())
	case *streams.BatchAppendReq_Options_Deadline:
		return context.WithTimeout(ctx, min(option.Deadline.AsDuration(), time.Hour))
	}
	return context.WithCancel(ctx)
}

func (w *batchWrite) echoExpectation(response *streams.BatchAppendResp) {
	switch w.expected {
	case expectAny:
		response.ExpectedStreamPosition = &streams.BatchAppendResp_Any{Any: &emptypb.Empty{}}
	case expectStreamExists:
		response.ExpectedStreamPosition = &streams.BatchAppendResp_StreamExists{StreamExists: &emptypb.Empty{}}
	case expectNoStream:
		response.ExpectedStreamPosition = &streams.BatchAppendResp_NoStream{NoStream: &emptypb.Empty{}}
	default:
		response.ExpectedStreamPosition = &streams.BatchAppendResp_StreamPosition{StreamPosition: uint64(w.expected)}
	}
}

// batchError is an error within the answer, which is how the call goes on.
func batchError(err error) *rpcstatus.Status {
	f := failureOf(asFailure(err))
	code, detail := f.batchCode, f.detail
	if code == codes.OK {
		code, detail = codes.Unknown, proto.Message(&shared.Unknown{})
		if f.code == codes.DeadlineExceeded || f.code == codes.Canceled {
			code, detail = codes.DeadlineExceeded, &shared.Timeout{}
		}
	}
	status := &rpcstatus.Status{Code: int32(code), Message: f.message}
	if packed, err := anypb.New(detail); err == nil {
		status.Details = []*anypb.Any{packed}
	}
	return status
}
