package eventstoredb

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// toUUID writes an id in the form that is two numbers.
func toUUID(id eventstore.EventID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

func fromUUID(uuid *shared.UUID) (id eventstore.EventID, err error) {
	if structured := uuid.GetStructured(); structured != nil {
		binary.BigEndian.PutUint64(id[:8], uint64(structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(structured.GetLeastSignificantBits()))
		return id, nil
	}
	err = id.UnmarshalText([]byte(uuid.GetString_()))
	return id, err
}

// event translates what was read. It is none if it is metadata of a stream.
func (s *Store) event(ctx context.Context, n *node, read *streams.ReadResp_ReadEvent, metadata bool) (_ eventstore.Recorded, ok bool, err error) {
	if strings.HasPrefix(nameOf(read.GetEvent()), metadataPrefix) {
		return eventstore.Recorded{}, false, s.checkMetadata(ctx, n, read.GetEvent())
	}
	recorded, err := s.recorded(read, metadata)
	return recorded, err == nil, err
}

// recorded translates an event of one of our streams.
func (s *Store) recorded(read *streams.ReadResp_ReadEvent, metadata bool) (eventstore.Recorded, error) {
	e := read.GetEvent()
	stream, ok := s.namespace.own(nameOf(e))
	if !ok {
		return eventstore.Recorded{}, fmt.Errorf("%w: EventStoreDB has sent an event of another stream", eventstore.ErrUnavailable)
	}
	if e.GetMetadata()["type"] == tombstoneType {
		return eventstore.Recorded{}, tombstoned(stream)
	}
	recorded, err := translate(e)
	if err != nil {
		return eventstore.Recorded{}, changed(stream, "event %d, at position %d: %w: let nobody else write to streams that begin with %s, and %s", e.GetStreamRevision(), e.GetCommitPosition(), err, s.namespace.prefix, restore)
	}
	recorded.Stream = stream
	if !metadata {
		recorded.Metadata = nil
	}
	return recorded, nil
}

func translate(e *streams.ReadResp_ReadEvent_RecordedEvent) (r eventstore.Recorded, err error) {
	if e.GetCommitPosition() != e.GetPreparePosition() {
		return r, fmt.Errorf("it has commit position %d and prepare position %d, which must be the same", e.GetCommitPosition(), e.GetPreparePosition())
	}
	if r.ID, err = fromUUID(e.GetId()); err != nil {
		return r, err
	}
	if r.Schema, r.RecordedAt, err = eventstore.Stamped(e.GetCustomMetadata()); err != nil {
		return r, fmt.Errorf("it was not written by daybook: %w", err)
	}
	r.Type, r.Data, r.Metadata = e.GetMetadata()["type"], e.GetData(), e.GetCustomMetadata()
	r.Revision, r.Position = eventstore.Revision(e.GetStreamRevision()), eventstore.Position(e.GetCommitPosition())
	return r, nil
}
