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

// Decode reads a recorded event of any aggregate. The stream's category says
// which one, so that an event type in a strange place is not understood.
func Decode(e eventstore.Recorded) (codec.Event, error) {
	var event codec.Event
	var err error
	switch category := e.Stream.Category(); category {
	case order.Category:
		event, err = order.Codec.Decode(e.Type, e.Schema, e.Data)
	case deposit.Category:
		event, err = deposit.Codec.Decode(e.Type, e.Schema, e.Data)
	case payout.Category:
		event, err = payout.Codec.Decode(e.Type, e.Schema, e.Data)
	case claim.Category:
		event, err = claim.Codec.Decode(e.Type, e.Schema, e.Data)
	case quarantine.Category:
		event, err = quarantine.Codec.Decode(e.Type, e.Schema, e.Data)
	case eventstore.LogStream.Category():
		event, err = logCodec.Decode(e.Type, e.Schema, e.Data)
	default:
		err = fmt.Errorf("%w: category %s", codec.ErrUnknown, category)
	}
	if err != nil {
		return nil, fmt.Errorf("event %s in %s at position %s: %w", e.ID, e.Stream, e.Position, err)
	}
	return event, nil
}

// logCodec reads the events of the log itself.
var logCodec = codec.New(
	codec.Of[eventstore.LogCreated, codec.Event](),
	codec.Of[eventstore.LossFound, codec.Event](),
	codec.Of[eventstore.LossAccepted, codec.Event](),
)
