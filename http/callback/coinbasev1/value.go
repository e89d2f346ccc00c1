package coinbasev1

import (
	"bytes"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// value is where a member of a document is read to. It reads any JSON value,
// and fails on what is not strict JSON alone.
type value interface {
	read(dec *jsontext.Decoder) error
}

// unmarshal reads a text that is one value.
func unmarshal(text []byte, v value) error { return json.Unmarshal(text, &whole{v}) }

type whole struct{ value }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (w *whole) UnmarshalJSONFrom(dec *jsontext.Decoder) error { return w.read(dec) }

// scalar is a string or a number as text. A member of any other type, null
// included, is read as kind alone; kind is 0 where the member is missing.
type scalar struct {
	text string
	kind jsontext.Kind
}

func (s *scalar) read(dec *jsontext.Decoder) error {
	s.kind = dec.PeekKind()
	if s.kind != '"' && s.kind != '0' {
		return skip(dec)
	}
	raw, err := dec.ReadValue()
	if err == nil && s.kind == '"' {
		raw, err = unquote(raw)
	}
	s.text = string(raw)
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

// missing reports whether there is nothing to read: the member is missing,
// null, or an empty string.
func (s scalar) missing() bool {
	return s.kind == 0 || s.kind == 'n' || s.kind == '"' && s.text == ""
}

// identifier returns the text if it is a usable identifier. A number counts as
// its text.
func (s scalar) identifier() (string, error) {
	if err := ident.Check(s.text); err != nil {
		return "", err
	}
	return s.text, nil
}

// detail returns the text if it is a usable identifier, else nothing: for
// members that nothing depends on.
func (s scalar) detail() string {
	if s.text == "" {
		return "" // as most are, and no error needs to be made for it
	}
	text, _ := s.identifier()
	return text
}

// time returns the moment that the text says, in UTC, or the zero time.
func (s scalar) time() time.Time {
	if s.text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s.text)
	if err != nil || t.Year() < 1 || t.Year() > 9998 {
		return time.Time{}
	}
	return t.UTC()
}

// object is a part of every document that is a JSON object. A member of any
// other type is strange, unless it is null.
type object struct {
	present bool
	strange bool
}

// readMembers reads an object, each member to where its name belongs, or
// nowhere. That a name is there once is for the decoder to see.
func (o *object) readMembers(dec *jsontext.Decoder, member func(name []byte) value) error {
	switch dec.PeekKind() {
	case '{':
		o.present = true
	case 'n':
		return skip(dec)
	default:
		o.strange = true
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

func readMember(dec *jsontext.Decoder, member func(name []byte) value) error {
	quoted, err := dec.ReadValue()
	if err != nil {
		return err
	}
	name, err := unquote(quoted)
	if err != nil {
		return err
	}
	if v := member(name); v != nil {
		return v.read(dec)
	}
	return skip(dec)
}

// list is a JSON array of T, which accepts any JSON value. A member of any
// other type is a list of that one element, unless it is null.
type list[T any, P interface {
	*T
	value
}] struct {
	elements []element[T]
}

// element is a member of a list, with the digest of its bytes to know it
// again.
type element[T any] struct {
	value  T
	digest string
}

func (l *list[T, P]) read(dec *jsontext.Decoder) error {
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

func (l *list[T, P]) readElement(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	e := element[T]{digest: digest(raw)}
	if err := unmarshal(raw, P(&e.value)); err != nil {
		return err
	}
	l.elements = append(l.elements, e)
	return nil
}

// amount reads an amount in smallest units. What is missing, cannot be read or
// is less than nothing is the zero value.
func (c cents) amount() money.Amount {
	return natural(money.ParseCents(money.Currency(c.Currency.text), c.Cents.text))
}

// amount reads an amount in units, likewise.
func (d decimal) amount() money.Amount {
	return natural(money.Parse(money.Currency(d.Currency.text), d.Amount.text))
}

func natural(amount money.Amount, err error) money.Amount {
	if err != nil || amount.Sign() < 0 {
		return money.Amount{}
	}
	return amount
}
