package esdbserver

import (
	"context"
	"errors"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"daybook/eventstore"
)

// Delete implements streams.StreamsServer: it hides the events of a stream,
// which may be written again.
func (s *service) Delete(ctx context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	options := request.GetOptions()
	stream := string(options.GetStreamIdentifier().GetStreamName())
	if err := s.mayDelete(ctx, stream); err != nil {
		return nil, err
	}
	expected, err := expectationOf(options, options.GetExpectedStreamRevision() != nil, options.GetRevision())
	if err != nil {
		return nil, err
	}
	result, err := s.writer.delete(ctx, stream, expected)
	if err != nil {
		return nil, asFailure(err)
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{
		CommitPosition: uint64(result.position), PreparePosition: uint64(result.position),
	}}}, nil
}

// Tombstone implements streams.StreamsServer: it ends a stream for ever.
func (s *service) Tombstone(ctx context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	options := request.GetOptions()
	stream := string(options.GetStreamIdentifier().GetStreamName())
	if err := s.mayDelete(ctx, stream); err != nil {
		return nil, err
	}
	expected, err := expectationOf(options, options.GetExpectedStreamRevision() != nil, options.GetRevision())
	if err != nil {
		return nil, err
	}
	result, err := s.writer.tombstone(ctx, stream, expected)
	if err != nil {
		return nil, asFailure(err)
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{
		CommitPosition: uint64(result.position), PreparePosition: uint64(result.position),
	}}}, nil
}

// mayDelete refuses to delete metadata streams too: they go with their stream.
func (s *service) mayDelete(ctx context.Context, stream string) error {
	if strings.HasPrefix(stream, metadataPrefix) {
		return accessDenied()
	}
	return s.mayWrite(ctx, stream)
}

func asFailure(err error) error {
	var wrong *wrongVersion
	if errors.As(err, &wrong) {
		return wrong.failure()
	}
	return err
}

func (w *writer) delete(ctx context.Context, stream string, expected expectation) (written, error) {
	return w.end(ctx, stream, expected, func(ctx context.Context, current int64, shown lifetime) (written, error) {
		if current == noStream && !shown.hasMetadata {
			return written{}, &wrongVersion{stream, expected, current}
		}
		return w.setFirst(ctx, stream, softDeleted)
	})
}

func (w *writer) tombstone(ctx context.Context, stream string, expected expectation) (written, error) {
	return w.end(ctx, stream, expected, func(ctx context.Context, _ int64, _ lifetime) (written, error) {
		name, ok := encodeName(tombstoneCategory, stream)
		if !ok {
			return written{}, invalid("the stream name is too long")
		}
		return w.commit(ctx, name, eventstore.NoStream, []eventstore.Event{newEvent("$streamDeleted", content{})})
	})
}

// end does something to a stream that is where the client expects it.
func (w *writer) end(ctx context.Context, stream string, expected expectation, do func(ctx context.Context, current int64, shown lifetime) (written, error)) (written, error) {
	name, ok := w.log.view.stored(stream)
	if !ok {
		return written{}, invalid("the stream name is empty or too long")
	}
	ctx, cancel := patience(ctx)
	defer cancel()
	unlock := w.locks.lock(stream)
	defer unlock()
	shown, err := w.log.lifetime(ctx, stream)
	switch {
	case err != nil:
		return written{}, timedOut(ctx, err)
	case shown.tombstoned:
		return written{}, streamDeleted(stream)
	}
	length, err := w.log.length(ctx, name, w.known.length(name))
	if err != nil {
		return written{}, timedOut(ctx, err)
	}
	current := int64(length) - 1
	wrong := expected >= expectNoStream && int64(expected) != current || expected == expectStreamExists && current == noStream
	if wrong {
		return written{}, &wrongVersion{stream, expected, current}
	}
	result, err := do(ctx, current, shown)
	return result, timedOut(ctx, err)
}

// newEvent makes an event that no client has sent.
func newEvent(kind string, c content) eventstore.Event {
	e := eventstore.Event{ID: eventstore.EventID(uuid.New()), Type: kind}
	c.seal(&e)
	return e
}
