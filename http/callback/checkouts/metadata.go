package checkouts

import (
	"fmt"

	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// maxMetadata is how many members the documentation allows.
const maxMetadata = 20

// Metadata is text that the creator of a checkout attached to it. It may be personal,
// so it prints as nothing, and it proves nothing: read the one member that the settings
// name as the reference to an order, and take user and amount from the order.
type Metadata struct{ texts map[string]string }

// Value returns a member.
func (m Metadata) Value(name string) (text string, found bool) {
	text, found = m.texts[name]
	return text, found
}

// Len returns the number of members.
func (m Metadata) Len() int { return len(m.texts) }

// Format implements fmt.Formatter.
func (m Metadata) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "metadata of %d members", m.Len())
}

// metadata reads an object of texts.
type metadata struct {
	strictjson.Object
	names  []string
	values []*strictjson.Scalar
	count  int
}

func (m *metadata) Read(dec *jsontext.Decoder) error { return m.ReadMembers(dec, m.member) }

func (m *metadata) member(name []byte) strictjson.Value {
	if m.count++; m.count > maxMetadata {
		return nil
	}
	value := new(strictjson.Scalar)
	m.names, m.values = append(m.names, string(name)), append(m.values, value)
	return value
}

// texts returns the members that are text. Those of other types are ignored: a strange
// remark must not keep a payment from being counted. Of an object with more members
// than the documentation allows none is read, because which of them count would depend
// on their order.
func (m *metadata) texts() Metadata {
	if m.count > maxMetadata {
		return Metadata{}
	}
	var all Metadata
	for i, value := range m.values {
		if value.Kind != '"' {
			continue
		}
		if all.texts == nil {
			all.texts = make(map[string]string, len(m.values))
		}
		all.texts[m.names[i]] = value.Text
	}
	return all
}
