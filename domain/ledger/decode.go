package ledger

import (
	"fmt"

	"daybook/domain/claim"
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
)

// codecs lists the aggregates by the category of their streams. The category
// chooses the codec, so an event type in another aggregate's stream is unknown.
var codecs = map[string]codec.Decoder{
	order.Category:                  order.Codec,
	deposit.Category:                deposit.Codec,
	payout.Category:                 payout.Codec,
	claim.Category:                  claim.Codec,
	quarantine.Category:             quarantine.Codec,
	eventstore.LogStream.Category(): logCodec,
}

// logCodec reads the events of the log itself.
var logCodec = codec.New(
	codec.Of[eventstore.LogCreated, codec.Event](),
	codec.Of[eventstore.LossFound, codec.Event](),
	codec.Of[eventstore.LossAccepted, codec.Event](),
)

// Decode reads a recorded event of any aggregate.
func Decode(e eventstore.Recorded) (codec.Event, error) {
	category := e.Stream.Category()
	c, known := codecs[category]
	if !known {
		return nil, fmt.Errorf("event %s in %s at position %s: %w: category %s", e.ID, e.Stream, e.Position, codec.ErrUnknown, category)
	}
	event, err := c.DecodeEvent(e.Type, e.Schema, e.Data)
	if err != nil {
		return nil, fmt.Errorf("event %s in %s at position %s: %w", e.ID, e.Stream, e.Position, err)
	}
	return event, nil
}

// Schema returns the schema in which an event type of a category is written; 0 if
// it is not known.
func Schema(category, eventType string) int {
	c, known := codecs[category]
	if !known {
		return 0
	}
	return c.Schema(eventType)
}
