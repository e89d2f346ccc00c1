package codec

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Appender is implemented by what writes itself, several times faster than an
// encoder that looks at its type: the commonest events. It must write what that
// encoder would, because both are read by the same readers.
type Appender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// Object writes a JSON object member by member, in the order in which they are
// given. Names are ASCII words that need no escape. The first error stays.
type Object struct {
	text []byte
	err  error
}

// Begin begins an object behind what is in dst.
func Begin(dst []byte) Object { return Object{text: append(dst, '{')} }

// End ends the object, and returns dst with it.
func (o *Object) End() ([]byte, error) {
	if o.err != nil {
		return nil, o.err
	}
	return append(o.text, '}'), nil
}

// Text writes a member. Text that is not UTF-8 is an error.
func (o *Object) Text(name, text string) {
	o.name(name)
	o.add(jsontext.AppendQuote(o.text, text))
}

// OptionalText leaves an empty text out.
func (o *Object) OptionalText(name, text string) {
	if text != "" {
		o.Text(name, text)
	}
}

// OptionalTime writes RFC 3339, and leaves the zero time out.
func (o *Object) OptionalTime(name string, t time.Time) {
	if !t.IsZero() {
		o.name(name)
		o.text = append(o.text, '"')
		o.add(t.AppendText(o.text))
		o.text = append(o.text, '"')
	}
}

// Value writes a member that writes itself.
func (o *Object) Value(name string, appendTo func(dst []byte) ([]byte, error)) {
	o.name(name)
	o.add(appendTo(o.text))
}

// List writes a member that is an array.
func List[T any](o *Object, name string, elements []T, appendTo func(dst []byte, element T) ([]byte, error)) {
	o.name(name)
	o.text = append(o.text, '[')
	for i, element := range elements {
		if i > 0 {
			o.text = append(o.text, ',')
		}
		o.add(appendTo(o.text, element))
	}
	o.text = append(o.text, ']')
}

func (o *Object) name(name string) {
	if o.text[len(o.text)-1] != '{' {
		o.text = append(o.text, ',')
	}
	o.text = append(o.text, '"')
	o.text = append(o.text, name...)
	o.text = append(o.text, '"', ':')
}

// add takes over the text with something behind it. After an error it keeps
// what it has, so that the other members find a text to follow.
func (o *Object) add(text []byte, err error) {
	if err == nil {
		o.text = text
	} else if o.err == nil {
		o.err = err
	}
}
