package eventstoredb

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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

// metadataPrefix begins the name of the stream that has the metadata of another.
const metadataPrefix = "$$"

// hiding are the members of a stream's metadata that hide events of it. To delete
// a stream is to write the first.
var hiding = []string{"$tb", "$maxCount", "$maxAge"}

// checkMetadata refuses metadata that hides events of one of our streams: what
// is read next could be decided, and credited, once more. Other metadata, such as
// who may read the stream, harms nobody.
func checkMetadata(stream string, data []byte) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("%w: metadata of stream %s: %w", errBroken, stream, err)
	}
	for _, name := range hiding {
		if _, ok := members[name]; ok {
			return fmt.Errorf("%w: stream %s was deleted or truncated (%s): restore the database from a copy", errBroken, stream, name)
		}
	}
	return nil
}

// event translates what was read. It is none if it is metadata of a stream.
func (s *Store) event(read *streams.ReadResp_ReadEvent, metadata bool) (_ eventstore.Recorded, ok bool, err error) {
	name := string(read.GetEvent().GetStreamIdentifier().GetStreamName())
	if about, ok := strings.CutPrefix(name, metadataPrefix); ok {
		return eventstore.Recorded{}, false, checkMetadata(about, read.GetEvent().GetData())
	}
	recorded, err := s.recorded(read, metadata)
	return recorded, err == nil, err
}

// recorded translates an event of one of our streams.
func (s *Store) recorded(read *streams.ReadResp_ReadEvent, metadata bool) (eventstore.Recorded, error) {
	e := read.GetEvent()
	stream, ok := s.namespace.own(string(e.GetStreamIdentifier().GetStreamName()))
	if !ok {
		return eventstore.Recorded{}, fmt.Errorf("%w: EventStoreDB has sent an event of another stream", eventstore.ErrUnavailable)
	}
	recorded, err := translate(e)
	if err != nil {
		return eventstore.Recorded{}, fmt.Errorf("%w: event %d of stream %s: %w", errBroken, e.GetStreamRevision(), stream, err)
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
