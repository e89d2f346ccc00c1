// Package codec turns the events of one aggregate into JSON and back. An
// aggregate lists its event types once; what is not listed cannot be decoded,
// so that nobody folds a log past an event he does not understand. It knows no
// aggregate.
package codec

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// ErrUnknown says that an event's type or schema is not in the list: it was
// written by a later version, or by somebody else.
var ErrUnknown = errors.New("unknown event")

// Event is a domain event. Its type names it in the log for ever, which is why
// it is not derived from the name in the source.
type Event interface {
	EventType() string
}

// Schema is the version of the data of every event type so far. A changed
// meaning gets the next number and an upcaster here.
const Schema = 1

// Codec decodes the events of one aggregate, whose interface is E.
type Codec[E Event] struct {
	decoders map[string]func(data []byte) (E, error)
}

// New makes a codec of the listed types.
func New[E Event](types ...Type[E]) Codec[E] {
	c := Codec[E]{decoders: make(map[string]func([]byte) (E, error), len(types))}
	for _, t := range types {
		c.decoders[t.name] = t.decode
	}
	return c
}

// Type is one event type in the list of an aggregate.
type Type[E Event] struct {
	name   string
	decode func(data []byte) (E, error)
}

// Of lists the event type T, which must be one of E.
func Of[T Event, E Event]() Type[E] {
	var zero T
	return Type[E]{name: zero.EventType(), decode: func(data []byte) (E, error) {
		var event T
		if err := json.Unmarshal(data, &event); err != nil {
			var none E
			return none, err
		}
		return any(event).(E), nil
	}}
}

// Decode reads the data of an event.
func (c Codec[E]) Decode(eventType string, schema int, data []byte) (E, error) {
	var none E
	decode, listed := c.decoders[eventType]
	if !listed || schema != Schema {
		return none, fmt.Errorf("%w: %s, schema %d", ErrUnknown, eventType, schema)
	}
	event, err := decode(data)
	if err != nil {
		return none, fmt.Errorf("decode %s: %w", eventType, err)
	}
	return event, nil
}

// Types returns the listed event types in no order.
func (c Codec[E]) Types() []string {
	names := make([]string, 0, len(c.decoders))
	for name := range c.decoders {
		names = append(names, name)
	}
	return names
}

// Encode returns the data of an event.
func Encode(event Event) ([]byte, error) { return Append(nil, event) }

// Append writes the data of an event behind what is in dst.
func Append(dst []byte, event Event) ([]byte, error) {
	data, err := appendData(dst, event)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", event.EventType(), err)
	}
	return data, nil
}

func appendData(dst []byte, event Event) ([]byte, error) {
	if appender, ok := event.(Appender); ok {
		return appender.AppendJSON(dst)
	}
	data, err := json.Marshal(event, json.Deterministic(true))
	return append(dst, data...), err
}
