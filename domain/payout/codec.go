package payout

import "daybook/domain/codec"

// Codec reads the events of payout streams.
var Codec = codec.New(
	codec.Of[PayoutPending, Event](),
	codec.Of[PayoutCompleted, Event](),
	codec.Of[PayoutHeld, Event](),
)

// EventType implements codec.Event.
func (PayoutPending) EventType() string { return "PayoutPending" }
func (PayoutPending) payoutEvent()      {}

// EventType implements codec.Event.
func (PayoutCompleted) EventType() string { return "PayoutCompleted" }
func (PayoutCompleted) payoutEvent()      {}

// EventType implements codec.Event.
func (PayoutHeld) EventType() string { return "PayoutHeld" }
func (PayoutHeld) payoutEvent()      {}
