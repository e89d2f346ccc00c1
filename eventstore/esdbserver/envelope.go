package esdbserver

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"daybook/eventstore"
)

// content is what a client hands over and gets back byte for byte.
type content struct {
	json     bool // what the client says that data is
	data     []byte
	metadata []byte
}

// flags say how the content of a stored event is to be read. The store keeps
// them as the event's schema, less one: so what is a JSON object anyway, as
// most is, is kept as it came and takes no more room.
type flags int

const (
	contentIsJSON flags = 1 << iota
	dataWrapped
	metadataWrapped
	dataApart
	metadataApart
)

// Bytes that are no JSON object are wrapped into one, in base64.
const (
	wrapStart = `{"base64":"`
	wrapEnd   = `"}`
)

// seal returns the content as the store takes it.
func (c content) seal(e *eventstore.Event) {
	var f flags
	if c.json {
		f |= contentIsJSON
	}
	e.Data, e.Metadata = c.data, c.metadata
	if !isObject(c.data) {
		e.Data = wrap(c.data)
		f |= dataWrapped
	}
	if !isObject(c.metadata) {
		e.Metadata = wrap(c.metadata)
		f |= metadataWrapped
	}
	e.Schema = 1 + int(f)
}

// open is the inverse of seal, for an event whose metadata the store has
// stamped.
func (v asScratch) open(ctx context.Context, recorded *eventstore.Recorded) (content, error) {
	f := flags(recorded.Schema - 1)
	c := content{json: f&contentIsJSON != 0, data: recorded.Data}
	var err error
	if c.metadata, err = unstamp(recorded.Metadata); err != nil {
		return content{}, err
	}
	if c.data, err = v.unfold(ctx, c.data, f&dataApart != 0, f&dataWrapped != 0); err != nil {
		return content{}, err
	}
	c.metadata, err = v.unfold(ctx, c.metadata, f&metadataApart != 0, f&metadataWrapped != 0)
	return c, err
}

func (v asScratch) unfold(ctx context.Context, text []byte, apart, wrapped bool) ([]byte, error) {
	if apart {
		var err error
		if text, err = v.fetch(ctx, text); err != nil {
			return nil, err
		}
	}
	if wrapped {
		return unwrap(text)
	}
	return text, nil
}

var errEnvelope = errors.New("an event of the scratch log cannot be read: something else has written to its stream")

// unstamp is the inverse of eventstore.Stamp.
func unstamp(metadata []byte) ([]byte, error) {
	stamp := bytes.LastIndex(metadata, []byte(`"schema":`)) // nothing behind it has such a text in it
	if stamp < 0 {
		return nil, errEnvelope
	}
	own := bytes.TrimSuffix(metadata[:stamp], []byte{','})
	return append(own[:len(own):len(own)], '}'), nil
}

func wrap(raw []byte) []byte {
	text := make([]byte, 0, len(wrapStart)+base64.StdEncoding.EncodedLen(len(raw))+len(wrapEnd))
	text = append(text, wrapStart...)
	text = base64.StdEncoding.AppendEncode(text, raw)
	return append(text, wrapEnd...)
}

func unwrap(text []byte) ([]byte, error) {
	encoded, ok := bytes.CutPrefix(text, []byte(wrapStart))
	encoded, ended := bytes.CutSuffix(encoded, []byte(wrapEnd))
	if !ok || !ended {
		return nil, errEnvelope
	}
	raw, err := base64.StdEncoding.AppendDecode(nil, encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEnvelope, err)
	}
	return raw, nil
}

func isObject(text []byte) bool {
	return len(text) >= 2 && text[0] == '{' && text[len(text)-1] == '}' && jsontext.Value(text).IsValid()
}
