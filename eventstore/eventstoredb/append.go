package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// answerPatience is how long an append is waited for before it is sent again. A
// server drops one without an answer if the same events are being replicated
// already, and gives up a write that is not committed after 2 s.
const answerPatience = 2500 * time.Millisecond

// Append implements eventstore.Store. It is repeated until EventStoreDB has
// answered, or ctx ends.
func (s *Store) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if err := eventstore.Check(stream, events); err != nil {
		return eventstore.Appended{}, err
	}
	if s.readOnly {
		return eventstore.Appended{}, fmt.Errorf("append to %s: %w: the log is open for reading", stream, eventstore.ErrUnavailable)
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.ensureNamed(ctx); err != nil {
		return eventstore.Appended{}, fmt.Errorf("append to %s: %w", stream, err)
	}
	appended, err := s.append(ctx, stream, expected, propose(events, s.clock.read()))
	if err != nil {
		return eventstore.Appended{}, fmt.Errorf("append to %s: %w", stream, err)
	}
	return appended, nil
}

func (s *Store) append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, messages []*streams.AppendReq) (eventstore.Appended, error) {
	var response *streams.AppendResp
	started := time.Now()
	err := s.retry(ctx, s.patience, func(n *node) (_ bool, err error) {
		ctx, cancel := context.WithTimeout(ctx, answerPatience)
		defer cancel()
		response, err = n.append(ctx, s.namespace.full(stream), revisionOf(expected), messages)
		return false, err
	})
	if err != nil {
		return eventstore.Appended{}, unavailable(err)
	}
	success := response.GetSuccess()
	switch {
	case response.GetWrongExpectedVersion() != nil:
		return eventstore.Appended{}, fmt.Errorf("%w: expected %s", eventstore.ErrConflict, expected)
	case success == nil:
		return eventstore.Appended{}, fmt.Errorf("%w: EventStoreDB has answered nothing that is known", eventstore.ErrUnavailable)
	}
	appended, err := appendedAt(stream, success, expected, len(messages))
	if err == nil && s.onCommit != nil {
		s.onCommit(len(messages), time.Since(started))
	}
	return appended, err
}

// appendedAt returns where an append has ended, if that is where it must have.
func appendedAt(stream eventstore.StreamName, success *streams.AppendResp_Success, expected eventstore.Expected, count int) (eventstore.Appended, error) {
	last := expected.Next() + eventstore.Revision(count) - 1
	position := success.GetPosition()
	if revision := eventstore.Revision(success.GetCurrentRevision()); revision != last {
		// A stream that somebody has deleted goes on with the revision after its last.
		return eventstore.Appended{}, changed(stream, "it was deleted, and its last event got revision %d instead of %d: %s", revision, last, restore)
	}
	if position.GetCommitPosition() != position.GetPreparePosition() || position.GetCommitPosition() == 0 {
		return eventstore.Appended{}, fmt.Errorf("%w: EventStoreDB gives commit position %d and prepare position %d, which must be the same", eventstore.ErrUnavailable, position.GetCommitPosition(), position.GetPreparePosition())
	}
	return eventstore.Appended{Revision: last, Position: eventstore.Position(position.GetCommitPosition())}, nil
}

// expectation writes the expected revision into the options of an append.
type expectation func(*streams.AppendReq_Options)

func anyRevision(o *streams.AppendReq_Options) {
	o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: &shared.Empty{}}
}

func revisionOf(expected eventstore.Expected) expectation {
	if expected == eventstore.NoStream {
		return func(o *streams.AppendReq_Options) {
			o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
		}
	}
	return func(o *streams.AppendReq_Options) {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: uint64(expected.Next()) - 1}
	}
}

// propose writes events as requests, with the metadata that a store adds.
func propose(events []eventstore.Event, recordedAt time.Time) []*streams.AppendReq {
	requests := make([]*streams.AppendReq, len(events))
	for i := range events {
		e := &events[i]
		requests[i] = message(e, eventstore.Stamp(e.Metadata, e.Schema, recordedAt))
	}
	return requests
}

func message(e *eventstore.Event, metadata []byte) *streams.AppendReq {
	return &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id:             toUUID(e.ID),
		Metadata:       map[string]string{"type": e.Type, "content-type": "application/json"},
		Data:           e.Data,
		CustomMetadata: metadata,
	}}}
}

// append sends one append and returns the answer. After an error the events may
// be stored or not.
func (n *node) append(ctx context.Context, stream string, expected expectation, messages []*streams.AppendReq) (*streams.AppendResp, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, err := n.streams.Append(n.outgoing(ctx))
	if err != nil {
		return nil, err
	}
	options := &streams.AppendReq_Options{StreamIdentifier: identifier(stream)}
	expected(options)
	err = call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: options}})
	for i := 0; i < len(messages) && err == nil; i++ {
		err = call.Send(messages[i])
	}
	if err != nil && !errors.Is(err, io.EOF) { // after an EOF the answer says why
		return nil, err
	}
	response, err := call.CloseAndRecv()
	if err != nil {
		return nil, failed(appending, call, err)
	}
	return response, nil
}

func identifier(stream string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}
