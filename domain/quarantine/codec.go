package quarantine

import "daybook/domain/codec"

// Codec reads the events of quarantine streams.
var Codec = codec.New(
	codec.Of[CallbackQuarantined, Event](),
	codec.Of[CallbackRedriven, Event](),
)

// EventType implements codec.Event.
func (CallbackQuarantined) EventType() string { return "CallbackQuarantined" }
func (CallbackQuarantined) quarantineEvent()  {}

// EventType implements codec.Event.
func (CallbackRedriven) EventType() string { return "CallbackRedriven" }
func (CallbackRedriven) quarantineEvent()  {}
