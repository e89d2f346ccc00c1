package payout

import "daybook/domain/codec"

// Codec reads the events of payout streams.
var Codec = codec.New(
	codec.Of[PayoutPending, Event](),
	codec.Of[PayoutCompleted, Event](),
	codec.Of[PayoutHeld, Event](),
	codec.Of[PayoutReleased, Event](),
	codec.Of[PayoutDismissed, Event](),
	codec.Of[DecisionReversed, Event](),
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

// EventType implements codec.Event.
func (PayoutReleased) EventType() string { return "PayoutReleased" }
func (PayoutReleased) payoutEvent()      {}

// EventType implements codec.Event.
func (PayoutDismissed) EventType() string { return "PayoutDismissed" }
func (PayoutDismissed) payoutEvent()      {}

// EventType implements codec.Event.
func (DecisionReversed) EventType() string { return "DecisionReversed" }
func (DecisionReversed) payoutEvent()      {}
