package coinbasev1

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// scalar is a string or a number as text. A member of any other type, null
// included, is read as kind alone; kind is 0 where the member is missing.
type scalar struct {
	text string
	kind jsontext.Kind
}

// UnmarshalJSONFrom reads any JSON value.
func (s *scalar) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s.kind = dec.PeekKind()
	switch s.kind {
	case '"':
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		s.text = token.String()
		return nil
	case '0':
		number, err := dec.ReadValue()
		s.text = string(number)
		return err
	}
	return dec.SkipValue()
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
	text, _ := s.identifier()
	return text
}

// time returns the moment that the text says, in UTC, or the zero time.
func (s scalar) time() time.Time {
	t, err := time.Parse(time.RFC3339, s.text)
	if err != nil || t.Year() < 1 || t.Year() > 9998 {
		return time.Time{}
	}
	return t.UTC()
}

// object is a JSON object of type T. A member of any other type is strange,
// unless it is null.
type object[T any] struct {
	value   T
	present bool
	strange bool
}

// UnmarshalJSONFrom reads any JSON value.
func (o *object[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case '{':
		o.present = true
		return json.UnmarshalDecode(dec, &o.value)
	case 'n':
	default:
		o.strange = true
	}
	return dec.SkipValue()
}

// list is a JSON array of T, which accepts any JSON value. A member of any
// other type is a list of that one element, unless it is null.
type list[T any] struct {
	elements []element[T]
}

// element is a member of a list, with the digest of its bytes to know it
// again.
type element[T any] struct {
	value  T
	digest string
}

// UnmarshalJSONFrom reads any JSON value.
func (l *list[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	switch dec.PeekKind() {
	case 'n':
		return dec.SkipValue()
	case '[':
	default:
		return l.read(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := l.read(dec); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (l *list[T]) read(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	e := element[T]{digest: digest(raw)}
	if err := json.Unmarshal(raw, &e.value); err != nil {
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
