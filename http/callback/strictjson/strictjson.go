// Package strictjson reads JSON strictly (RFC 8259 with valid UTF-8, no member twice,
// names in their exact case), because two readers that differ about a body differ about
// money. Members may be missing, null or of any type: what a reader does not need is
// checked for its syntax alone.
package strictjson

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"daybook/domain/ident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Value is where a member of a document is read to. It reads any JSON value,
// and fails on what is not strict JSON alone.
type Value interface {
	Read(dec *jsontext.Decoder) error
}

// Unmarshal reads a text that is one value.
func Unmarshal(text []byte, v Value) error { return json.Unmarshal(text, &whole{v}) }

type whole struct{ Value }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (w *whole) UnmarshalJSONFrom(dec *jsontext.Decoder) error { return w.Read(dec) }

// Scalar is a string or a number as text. A member of any other type, null
// included, is read as Kind alone; Kind is 0 where the member is missing.
type Scalar struct {
	Text string
	Kind jsontext.Kind
}

func (s *Scalar) Read(dec *jsontext.Decoder) error {
	s.Kind = dec.PeekKind()
	if s.Kind != '"' && s.Kind != '0' {
		return skip(dec)
	}
	raw, err := dec.ReadValue()
	if err == nil && s.Kind == '"' {
		raw, err = unquote(raw)
	}
	s.Text = string(raw)
	return err
}

// skip checks a value. The decoder's own way to skip makes tokens of what is in
// it, which takes longer where the whole text is in memory.
func skip(dec *jsontext.Decoder) error {
	_, err := dec.ReadValue()
	return err
}

// unquote returns the text of a JSON string, without a copy if nothing in it
// is escaped.
func unquote(quoted jsontext.Value) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	return jsontext.AppendUnquote(nil, quoted)
}

// Missing reports whether there is nothing to read: the member is missing,
// null, or an empty string.
func (s Scalar) Missing() bool {
	return s.Kind == 0 || s.Kind == 'n' || s.Kind == '"' && s.Text == ""
}

// Identifier returns the text if it is a usable identifier. A number counts as
// its text.
func (s Scalar) Identifier() (string, error) {
	if err := ident.Check(s.Text); err != nil {
		return "", err
	}
	return s.Text, nil
}

// Detail returns the text if it is a usable identifier, else nothing: for
// members that nothing depends on.
func (s Scalar) Detail() string {
	if s.Text == "" {
		return "" // as most are, and no error needs to be made for it
	}
	text, _ := s.Identifier()
	return text
}

// Time returns the moment that the text says, in UTC, or the zero time.
func (s Scalar) Time() time.Time {
	if s.Text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s.Text)
	if err != nil || t.Year() < 1 || t.Year() > 9998 {
		return time.Time{}
	}
	return t.UTC()
}

// Object is a part of every document that is a JSON object. A member of any
// other type is strange, unless it is null.
type Object struct {
	Present bool
	Strange bool // there, and no object
}

// ReadMembers reads an object, each member to where its name belongs, or
// nowhere. That a name is there once is for the decoder to see.
func (o *Object) ReadMembers(dec *jsontext.Decoder, member func(name []byte) Value) error {
	switch dec.PeekKind() {
	case '{':
		o.Present = true
	case 'n':
		return skip(dec)
	default:
		o.Strange = true
		return skip(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		if err := readMember(dec, member); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func readMember(dec *jsontext.Decoder, member func(name []byte) Value) error {
	quoted, err := dec.ReadValue()
	if err != nil {
		return err
	}
	name, err := unquote(quoted)
	if err != nil {
		return err
	}
	if v := member(name); v != nil {
		return v.Read(dec)
	}
	return skip(dec)
}

// List is a JSON array of T, which accepts any JSON value. A member of any
// other type is a list of that one element, unless it is null.
type List[T any, P interface {
	*T
	Value
}] struct {
	Elements []Element[T]
}

// Element is a member of a list, with the digest of its bytes to know it
// again.
type Element[T any] struct {
	Value  T
	Digest string // of its bytes
}

func (l *List[T, P]) Read(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case 'n':
		return skip(dec)
	case '[':
	default:
		return l.readElement(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := l.readElement(dec); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (l *List[T, P]) readElement(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	e := Element[T]{Digest: Digest(raw)}
	if err := Unmarshal(raw, P(&e.Value)); err != nil {
		return err
	}
	l.Elements = append(l.Elements, e)
	return nil
}

// Digest returns the SHA-256 of bytes in lower-case hexadecimal digits.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
