package order

import (
	"daybook/domain/codec"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Codec reads the events of order streams.
var Codec = codec.New(
	codec.Of[OrderRegistered, Event](),
	codec.Of[OrderStatusReported, Event](),
	codec.Of[OrderExpired, Event](),
	codec.Scanned[PaymentReceived, Event](scanReceived),
	codec.Scanned[PaymentVerified, Event](scanVerified),
	codec.Of[PaymentRefuted, Event](),
	codec.Of[PaymentHeld, Event](),
	codec.Of[PaymentReleased, Event](),
	codec.Of[PaymentMispaid, Event](),
	codec.Of[MispaymentCredited, Event](),
	codec.Of[MispaymentRefunded, Event](),
	codec.Of[MispaymentDismissed, Event](),
	codec.Of[PaymentRefunded, Event](),
)

// EventType implements codec.Event.
func (OrderRegistered) EventType() string { return "OrderRegistered" }
func (OrderRegistered) orderEvent()       {}

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
func (MispaymentRefunded) EventType() string { return "MispaymentRefunded" }
func (MispaymentRefunded) orderEvent()       {}

// EventType implements codec.Event.
func (MispaymentDismissed) EventType() string { return "MispaymentDismissed" }
func (MispaymentDismissed) orderEvent()       {}

// EventType implements codec.Event.
func (PaymentRefunded) EventType() string { return "PaymentRefunded" }
func (PaymentRefunded) orderEvent()       {}

// AppendJSON implements codec.Appender.
func (e PaymentReceived) AppendJSON(dst []byte) ([]byte, error) {
	o := codec.Begin(dst)
	o.Text("payment", string(e.Payment))
	o.Text("user", e.User)
	o.Value("amount", e.Amount.AppendJSON)
	o.OptionalTime("occurredAt", e.OccurredAt)
	if e.Details != nil {
		o.Value("details", e.Details.appendJSON)
	}
	return o.End()
}

func (d *Details) appendJSON(dst []byte) ([]byte, error) {
	o := codec.Begin(dst)
	o.OptionalText("reference", d.Reference)
	o.OptionalText("uuid", d.UUID)
	optional(&o, "bitcoin", d.Bitcoin)
	o.OptionalText("transactionHash", d.TransactionHash)
	o.OptionalText("receiveAddress", d.ReceiveAddress)
	return o.End()
}

// AppendJSON implements codec.Appender.
func (e PaymentVerified) AppendJSON(dst []byte) ([]byte, error) {
	o := codec.Begin(dst)
	o.Text("payment", string(e.Payment))
	o.Text("user", e.User)
	o.Value("amount", e.Amount.AppendJSON)
	o.OptionalTime("occurredAt", e.OccurredAt)
	codec.List(&o, "evidence", e.Evidence, appendEvidence)
	if len(e.Closes) > 0 {
		codec.List(&o, "closes", e.Closes, appendClosed)
	}
	return o.End()
}

func appendEvidence(dst []byte, e payment.Evidence) ([]byte, error) {
	o := codec.Begin(dst)
	o.Text("method", e.Method)
	o.Text("status", e.Status)
	return o.End()
}

func appendClosed(dst []byte, c payment.ClosedHold) ([]byte, error) {
	o := codec.Begin(dst)
	o.Text("hold", c.Hold)
	optional(&o, "amount", c.Amount)
	return o.End()
}

// optional leaves an amount out that is none.
func optional(o *codec.Object, name string, a *money.Amount) {
	if a != nil && !a.IsZero() {
		o.Value(name, a.AppendJSON)
	}
}
