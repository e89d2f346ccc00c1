package deposit

import "daybook/domain/codec"

// Codec reads the events of address streams.
var Codec = codec.New(
	codec.Of[AddressRegistered, Event](),
	codec.Of[DepositReceived, Event](),
	codec.Of[DepositVerified, Event](),
	codec.Of[DepositHeld, Event](),
	codec.Of[DepositSeenAgain, Event](),
	codec.Of[DepositReleased, Event](),
	codec.Of[DepositDismissed, Event](),
	codec.Of[DecisionReversed, Event](),
	codec.Of[RefundDecided, Event](),
	codec.Of[RefundWithdrawn, Event](),
	codec.Of[DepositRefunded, Event](),
)

// EventType implements codec.Event.
func (AddressRegistered) EventType() string { return "AddressRegistered" }
func (AddressRegistered) depositEvent()     {}

// EventType implements codec.Event.
func (DepositReceived) EventType() string { return "DepositReceived" }
func (DepositReceived) depositEvent()     {}

// EventType implements codec.Event.
func (DepositVerified) EventType() string { return "DepositVerified" }
func (DepositVerified) depositEvent()     {}

// EventType implements codec.Event.
func (DepositHeld) EventType() string { return "DepositHeld" }
func (DepositHeld) depositEvent()     {}

// EventType implements codec.Event.
func (DepositSeenAgain) EventType() string { return "DepositSeenAgain" }
func (DepositSeenAgain) depositEvent()     {}

// EventType implements codec.Event.
func (DepositReleased) EventType() string { return "DepositReleased" }
func (DepositReleased) depositEvent()     {}

// EventType implements codec.Event.
func (DepositDismissed) EventType() string { return "DepositDismissed" }
func (DepositDismissed) depositEvent()     {}

// EventType implements codec.Event.
func (DecisionReversed) EventType() string { return "DecisionReversed" }
func (DecisionReversed) depositEvent()     {}

// EventType implements codec.Event.
func (RefundDecided) EventType() string { return "RefundDecided" }
func (RefundDecided) depositEvent()     {}

// EventType implements codec.Event.
func (RefundWithdrawn) EventType() string { return "RefundWithdrawn" }
func (RefundWithdrawn) depositEvent()     {}

// EventType implements codec.Event.
func (DepositRefunded) EventType() string { return "DepositRefunded" }
func (DepositRefunded) depositEvent()     {}
