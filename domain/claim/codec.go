package claim

import "daybook/domain/codec"

// Codec reads the events of claim streams.
var Codec = codec.New(codec.Of[PaymentClaimed, Event]())

// EventType implements codec.Event.
func (PaymentClaimed) EventType() string { return "PaymentClaimed" }
func (PaymentClaimed) claimEvent()       {}
