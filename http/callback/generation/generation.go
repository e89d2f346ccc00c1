// Package generation recognises which generation of Coinbase's callbacks a body belongs
// to, so that a body at the wrong route is answered with the right one. It reads no more
// than the members that tell them apart.
package generation

import (
	"strings"

	"daybook/http/callback"
	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// Generation is one of Coinbase's callback interfaces; empty if a body is of none, or
// has the marks of several.
type Generation string

// The generations.
const (
	Merchant      Generation = "merchant callback (version 1)" // order, payout or address document
	Notification  Generation = "notification (version 2)"
	CommerceEvent Generation = "Commerce event"
	Checkout      Generation = "checkout or payment link webhook"
)

// Route returns the path that takes a generation's bodies; empty if none does.
func (g Generation) Route() string {
	switch g {
	case Merchant:
		return "/callbacks/coinbase"
	case Checkout:
		return "/callbacks/coinbase/checkouts"
	}
	return ""
}

// Elsewhere is the error of a body that came to another generation's route.
type Elsewhere struct{ Generation Generation }

func (e *Elsewhere) Error() string {
	if route := e.Generation.Route(); route != "" {
		return "the body is a " + string(e.Generation) + ", which belongs to " + route
	}
	return "the body is a " + string(e.Generation) + ", which no route takes"
}

// Route returns the path that takes the body; empty if none does.
func (e *Elsewhere) Route() string { return e.Generation.Route() }

// Redirect returns the refusal of a body by the reader of a generation, with Elsewhere
// as its cause if the body is of another generation.
func Redirect(refusal *callback.Refusal, body []byte, reader Generation) *callback.Refusal {
	if g := Of(body); g != "" && g != reader {
		return &callback.Refusal{Reason: refusal.Reason, Err: &Elsewhere{g}}
	}
	return refusal
}

// Of recognises a body.
func Of(body []byte) Generation {
	var m marks
	if strictjson.Unmarshal(body, &m) != nil {
		return ""
	}
	isText := func(s strictjson.Scalar) bool { return s.Kind == '"' }
	var found []Generation
	if m.Order.Present || m.Payout.Present || isText(m.Address) && m.Transaction.Present {
		found = append(found, Merchant)
	}
	if m.Data.Present && isText(m.Type) {
		found = append(found, Notification)
	}
	if m.Event.Present {
		found = append(found, CommerceEvent)
	}
	if isText(m.EventType) && IsCheckout(m.EventType.Text) {
		found = append(found, Checkout)
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// IsCheckout reports whether an eventType is about a checkout or a payment link. The
// webhooks of other products, such as onramp.transaction.updated, have the same style.
func IsCheckout(eventType string) bool {
	return strings.HasPrefix(eventType, "checkout.") || strings.HasPrefix(eventType, "payment_link.")
}

// marks are the top-level members that tell the generations apart.
type marks struct {
	strictjson.Object
	Order, Payout, Transaction, Event, Data object
	Address, Type, EventType                strictjson.Scalar
}

func (m *marks) Read(dec *jsontext.Decoder) error { return m.ReadMembers(dec, m.member) }

func (m *marks) member(name []byte) strictjson.Value {
	switch string(name) {
	case "order":
		return &m.Order
	case "payout":
		return &m.Payout
	case "transaction":
		return &m.Transaction
	case "event":
		return &m.Event
	case "data":
		return &m.Data
	case "address":
		return &m.Address
	case "type":
		return &m.Type
	case "eventType":
		return &m.EventType
	}
	return nil
}

// object is an object whose members do not matter.
type object struct{ strictjson.Object }

func (o *object) Read(dec *jsontext.Decoder) error {
	return o.ReadMembers(dec, func([]byte) strictjson.Value { return nil })
}
