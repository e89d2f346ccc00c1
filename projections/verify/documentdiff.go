package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/redis/go-redis/v9"

	"daybook/eventstore"
)

// compareClosely compares what is stored of a document with its own stream.
func (o *documents) compareClosely(ctx context.Context, id string, stored storedDocument, position eventstore.Position) error {
	wanted, err := foldStream(ctx, o.options.Log, o.document, id, position)
	if err != nil {
		return err
	}
	key := o.layout.key(o.document.Kind, id)
	var member []Difference
	o.compareMember(&member, o.document.Kind, id, stored.isMember, wanted != nil)
	for _, d := range member {
		o.found.add(d)
	}
	switch err := stored.err; {
	case errors.Is(err, redis.Nil) && wanted == nil:
	case errors.Is(err, redis.Nil):
		o.found.add(Difference{key, "is missing: the log has it"})
	case err != nil:
		o.found.add(Difference{key, "cannot be read: " + err.Error()})
	case wanted == nil:
		o.found.add(Difference{key, "is surplus: the log has nothing of it"})
	default:
		differs, err := compareTexts(wanted, []byte(stored.text))
		if err != nil {
			return err
		}
		if differs != "" {
			o.found.add(Difference{key, differs})
		}
	}
	return nil
}

// compareTexts says which members of a document are stored otherwise than the log
// says, in any order and with any white space; nothing if none is.
func compareTexts(d Folded, stored []byte) (string, error) {
	text, err := d.Text()
	if err != nil {
		return "", err
	}
	wanted, err := members(text)
	if err != nil {
		return "", err
	}
	is, err := members(stored)
	if err != nil {
		return fmt.Sprintf("is no document: %v", err), nil
	}
	names := slices.Collect(maps.Keys(wanted))
	for name := range is {
		if _, known := wanted[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var differs []byte
	for _, name := range names {
		if !bytes.Equal(is[name], wanted[name]) {
			differs = fmt.Appendf(differs, "%.40s is %s, the log says %s; ", name, shorten(is[name]), shorten(wanted[name]))
		}
	}
	return string(bytes.TrimSuffix(differs, []byte("; "))), nil
}

// members are those of an object, each as canonical JSON (RFC 8785).
func members(text []byte) (map[string]jsontext.Value, error) {
	var all map[string]jsontext.Value
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for name, value := range all {
		if err := value.Canonicalize(); err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, nil
}

func shorten(value jsontext.Value) string {
	switch {
	case len(value) == 0:
		return "missing"
	case len(value) > 300:
		return string(value[:300]) + "…"
	}
	return string(value)
}
