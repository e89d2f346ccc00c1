package esdbserver

import (
	"context"
	"encoding/binary"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// event is one as clients see it.
type event struct {
	id       eventstore.EventID
	stream   string
	revision uint64
	position eventstore.Position
	created  time.Time
	kind     string
	content
}

// tombstoneRevision is the revision of the event that ends a stream for ever.
const tombstoneRevision = math.MaxInt64

func (e *event) isTombstone() bool { return e.revision == tombstoneRevision }

// view is how the events of the store become those that clients see.
type view interface {
	// stored returns the name under which the store has a stream; false if it
	// can have none.
	stored(stream string) (eventstore.StreamName, bool)

	// served returns an event as clients see it; shown is false for one that is
	// none of theirs.
	served(ctx context.Context, recorded *eventstore.Recorded) (e event, shown bool, err error)
}

// asStored serves what is there as it is.
type asStored struct{}

func (asStored) stored(stream string) (eventstore.StreamName, bool) {
	name, err := eventstore.ParseStreamName(stream)
	return name, err == nil
}

func (asStored) served(_ context.Context, recorded *eventstore.Recorded) (event, bool, error) {
	return event{
		id:       recorded.ID,
		stream:   string(recorded.Stream),
		revision: uint64(recorded.Revision),
		position: recorded.Position,
		created:  recorded.RecordedAt,
		kind:     recorded.Type,
		content:  content{json: true, data: recorded.Data, metadata: recorded.Metadata},
	}, true, nil
}

// ticks is a time in units of 100 ns since 1970, the form that clients expect.
func ticks(t time.Time) int64 { return t.UnixNano() / 100 }

// The keys of what EventStoreDB says about an event beside its metadata, and
// the values of the content type.
const (
	typeKey        = "type"
	contentTypeKey = "content-type"
	createdKey     = "created"

	contentJSON   = "application/json"
	contentBinary = "application/octet-stream"
)

// position returns a place of the log. Commit and prepare position are the
// same, as they are in EventStoreDB for everything but its oldest logs.
func position(p eventstore.Position) *streams.AppendResp_Position {
	return &streams.AppendResp_Position{CommitPosition: uint64(p), PreparePosition: uint64(p)}
}

// encodeID returns an id in one of the two forms that clients ask for.
func encodeID(id eventstore.EventID, asText bool) *shared.UUID {
	if asText {
		return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
	}
	most, least := halves(id)
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits: int64(most), LeastSignificantBits: int64(least),
	}}}
}

func halves(id eventstore.EventID) (most, least uint64) {
	return binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
}

// decodeID accepts either form; no id is the zero id.
func decodeID(encoded *shared.UUID) (eventstore.EventID, error) {
	var id eventstore.EventID
	switch value := encoded.GetValue().(type) {
	case *shared.UUID_String_:
		if err := id.UnmarshalText([]byte(value.String_)); err != nil {
			return id, invalid("%v", err)
		}
	case *shared.UUID_Structured_:
		binary.BigEndian.PutUint64(id[:8], uint64(value.Structured.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(value.Structured.GetLeastSignificantBits()))
	}
	return id, nil
}
