package order

import (
	"daybook/domain/codec"
)

// Codec reads the events of order streams.
var Codec = codec.New(
	codec.Of[OrderRegistered, Event](),
	codec.Of[OrderLinked, Event](),
	codec.Of[OrderSettled, Event](),
	codec.Of[PaymentsSought, Event](),
	codec.Of[FeeReported, Event](),
	codec.Of[RefundReported, Event](),
	codec.Of[OrderStatusReported, Event](),
	codec.Of[OrderExpired, Event](),
	codec.Scanned[PaymentReceived, Event](scanReceived),
	codec.Scanned[PaymentVerified, Event](scanVerified),
	codec.Of[PaymentRefuted, Event](),
	codec.Of[PaymentHeld, Event](),
	codec.Of[PaymentReleased, Event](),
	codec.Of[PaymentMispaid, Event](),
	codec.Of[MispaymentCredited, Event](),
	codec.Of[MispaymentDismissed, Event](),
	codec.Of[OrderCompleted, Event](),
	codec.Of[PaymentDismissed, Event](),
	codec.Of[DecisionReversed, Event](),
	codec.Of[RefundDecided, Event](),
	codec.Of[RefundWithdrawn, Event](),
	codec.Of[PaymentRefunded, Event](),
	codec.Of[RefundHeld, Event](),
	codec.Of[RefundCharged, Event](),
	codec.Of[RefundDismissed, Event](),
)

// EventType implements codec.Event.
func (OrderRegistered) EventType() string { return "OrderRegistered" }
func (OrderRegistered) orderEvent()       {}

// EventType implements codec.Event.
func (OrderLinked) EventType() string { return "OrderLinked" }
func (OrderLinked) orderEvent()       {}

// EventType implements codec.Event.
func (OrderSettled) EventType() string { return "OrderSettled" }
func (OrderSettled) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentsSought) EventType() string { return "PaymentsSought" }
func (PaymentsSought) orderEvent()       {}

// EventType implements codec.Event.
func (FeeReported) EventType() string { return "FeeReported" }
func (FeeReported) orderEvent()       {}

// EventType implements codec.Event.
func (RefundReported) EventType() string { return "RefundReported" }
func (RefundReported) orderEvent()       {}

// EventType implements codec.Event.
func (OrderStatusReported) EventType() string { return "OrderStatusReported" }
func (OrderStatusReported) orderEvent()       {}

// EventType implements codec.Event.
func (OrderExpired) EventType() string { return "OrderExpired" }
func (OrderExpired) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentReceived) EventType() string { return "PaymentReceived" }
func (PaymentReceived) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentVerified) EventType() string { return "PaymentVerified" }
func (PaymentVerified) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentRefuted) EventType() string { return "PaymentRefuted" }
func (PaymentRefuted) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentHeld) EventType() string { return "PaymentHeld" }
func (PaymentHeld) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentReleased) EventType() string { return "PaymentReleased" }
func (PaymentReleased) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentMispaid) EventType() string { return "PaymentMispaid" }
func (PaymentMispaid) orderEvent()       {}

// EventType implements codec.Event.
func (MispaymentCredited) EventType() string { return "MispaymentCredited" }
func (MispaymentCredited) orderEvent()       {}

// EventType implements codec.Event.
func (MispaymentDismissed) EventType() string { return "MispaymentDismissed" }
func (MispaymentDismissed) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentRefunded) EventType() string { return "PaymentRefunded" }
func (PaymentRefunded) orderEvent()       {}

// EventType implements codec.Event.
func (OrderCompleted) EventType() string { return "OrderCompleted" }
func (OrderCompleted) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentDismissed) EventType() string { return "PaymentDismissed" }
func (PaymentDismissed) orderEvent()       {}

// EventType implements codec.Event.
func (DecisionReversed) EventType() string { return "DecisionReversed" }
func (DecisionReversed) orderEvent()       {}

// EventType implements codec.Event.
func (RefundDecided) EventType() string { return "RefundDecided" }
func (RefundDecided) orderEvent()       {}

// EventType implements codec.Event.
func (RefundWithdrawn) EventType() string { return "RefundWithdrawn" }
func (RefundWithdrawn) orderEvent()       {}

// EventType implements codec.Event.
func (RefundHeld) EventType() string { return "RefundHeld" }
func (RefundHeld) orderEvent()       {}

// EventType implements codec.Event.
func (RefundCharged) EventType() string { return "RefundCharged" }
func (RefundCharged) orderEvent()       {}

// EventType implements codec.Event.
func (RefundDismissed) EventType() string { return "RefundDismissed" }
func (RefundDismissed) orderEvent()       {}
