package projectiontest

import (
	"daybook/domain/codec"
	"daybook/domain/ledger"
	"daybook/eventstore"
)

// Encode returns events as they are appended to a stream that does not exist
// yet.
func Encode(stream eventstore.StreamName, events ...codec.Event) ([]eventstore.Event, error) {
	encoded := make([]eventstore.Event, len(events))
	for i, event := range events {
		data, err := codec.Encode(event)
		if err != nil {
			return nil, err
		}
		encoded[i] = eventstore.Event{
			ID:   eventstore.DeriveID(stream, string(data), eventstore.Revision(i)),
			Type: event.EventType(), Schema: ledger.Schema(stream.Category(), event.EventType()), Data: data, Metadata: []byte(`{}`),
		}
	}
	return encoded, nil
}
