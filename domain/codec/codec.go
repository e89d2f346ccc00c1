// Package codec turns the events of one aggregate into JSON and back. An
// aggregate lists each event type once; an event that is not listed cannot be
// decoded, so no fold passes an event that it does not understand. It knows no
// aggregate.
package codec

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
)

// ErrUnknown says that an event's type or schema is not in the list: a later
// version or another program wrote it.
var ErrUnknown = errors.New("unknown event")

// Event is a domain event. Its type names it in the log for ever, so it is not
// derived from the name in the source.
type Event interface {
	EventType() string
}

// Upcaster rewrites the data of one schema as the data of the next.
type Upcaster func(data []byte) ([]byte, error)

// Type is one event type in the list of an aggregate whose interface is E.
type Type[E Event] struct {
	name   string
	decode func(data []byte) (E, error)
	upcast []Upcaster // from schema 1, from schema 2, ...
}

// Of lists the event type T, which must be one of E. Its schema is 1 without
// upcasters, and each upcaster raises it by one: the first reads schema 1. An
// optional field needs no new schema; a changed meaning does.
func Of[T Event, E Event](upcasters ...Upcaster) Type[E] {
	var zero T
	return Type[E]{name: zero.EventType(), upcast: upcasters, decode: func(data []byte) (E, error) {
		var event T
		if err := json.Unmarshal(data, &event); err != nil {
			var none E
			return none, err
		}
		return any(event).(E), nil
	}}
}

// Scanned is Of for one of the commonest types, which scan reads fast. What scan
// does not take is decoded.
func Scanned[T Event, E Event](scan func(data []byte) (T, bool), upcasters ...Upcaster) Type[E] {
	t := Of[T, E](upcasters...)
	decode := t.decode
	t.decode = func(data []byte) (E, error) {
		if event, ok := scan(data); ok {
			return any(event).(E), nil
		}
		return decode(data)
	}
	return t
}

func (t Type[E]) schema() int { return len(t.upcast) + 1 }

// Codec encodes and decodes the events of one aggregate, whose interface is E.
type Codec[E Event] struct {
	types map[string]Type[E]
}

// New makes a codec of the listed types.
func New[E Event](types ...Type[E]) Codec[E] {
	c := Codec[E]{types: make(map[string]Type[E], len(types))}
	for _, t := range types {
		c.types[t.name] = t
	}
	return c
}

// Decoder is a Codec of any aggregate.
type Decoder interface {
	DecodeEvent(eventType string, schema int, data []byte) (Event, error)
	Schema(eventType string) int
	Types() []string
}

// Schema returns the schema in which a type is written; 0 if it is not listed.
func (c Codec[E]) Schema(eventType string) int {
	t, listed := c.types[eventType]
	if !listed {
		return 0
	}
	return t.schema()
}

// Types returns the listed event types in no order.
func (c Codec[E]) Types() []string { return slices.Collect(maps.Keys(c.types)) }

// Decode reads the data of an event, also of an older schema.
func (c Codec[E]) Decode(eventType string, schema int, data []byte) (E, error) {
	var none E
	t, listed := c.types[eventType]
	if !listed || schema < 1 || schema > t.schema() {
		return none, fmt.Errorf("%w: %s, schema %d", ErrUnknown, eventType, schema)
	}
	for n := schema; n < t.schema(); n++ {
		var err error
		if data, err = t.upcast[n-1](data); err != nil {
			return none, fmt.Errorf("upcast %s from schema %d: %w", eventType, n, err)
		}
	}
	event, err := t.decode(data)
	if err != nil {
		return none, fmt.Errorf("decode %s: %w", eventType, err)
	}
	return event, nil
}

// DecodeEvent is Decode for callers that do not know the aggregate.
func (c Codec[E]) DecodeEvent(eventType string, schema int, data []byte) (Event, error) {
	return c.Decode(eventType, schema, data)
}

// Encode returns the data of an event.
func Encode(event Event) ([]byte, error) {
	data, err := json.Marshal(event, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", event.EventType(), err)
	}
	return data, nil
}
