// Package fact reads what read models need of the commonest events, several
// times faster than a JSON decoder, and counts money in whole units. Both are
// most of what folding a log costs. It knows no model.
package fact

import (
	"bytes"
	"time"
)

// Head is what the data of the commonest events begin with. Its texts point
// into the data.
type Head struct {
	Payment, User    []byte
	Currency, Amount []byte
	OccurredAt       time.Time

	// Closes says that the event settles holds; the head does not say which.
	Closes bool

	text []byte // of the head, which the data begin with
}

// ReadNext reads the head of an event behind the one that has h. That a payment
// is verified mostly repeats what was received, byte by byte: then isSame says
// that all but Closes are those of h, and nothing is read again.
func (h *Head) ReadNext(data []byte) (next Head, isSame, ok bool) {
	if len(h.text) > 0 && bytes.HasPrefix(data, h.text) {
		if closes, ok := readTail(data[len(h.text):]); ok {
			next = *h
			next.Closes = closes
			return next, true, true
		}
	}
	next, ok = ReadHead(data)
	return next, false, ok
}

// ReadHead reads a head as codec.Encode writes those of PaymentReceived,
// PaymentVerified, PaymentRefuted, DepositReceived and DepositVerified.
// Whatever looks different in any way is left to the decoder: escaped or
// non-ASCII text, other members, another order. The members that follow, of
// evidence and details, are not looked at.
func ReadHead(data []byte) (h Head, ok bool) {
	c := cursor{rest: data}
	h.Payment = c.text(`{"payment":"`)
	h.User = c.text(`,"user":"`)
	h.Currency = c.text(`,"amount":{"currency":"`)
	h.Amount = c.text(`,"amount":"`)
	c.expect(`}`)
	if bytes.HasPrefix(c.rest, []byte(`,"occurredAt":"`)) {
		occurred := c.text(`,"occurredAt":"`)
		c.failed = c.failed || h.OccurredAt.UnmarshalText(occurred) != nil
	}
	if c.failed {
		return Head{}, false
	}
	h.text = data[:len(data)-len(c.rest)]
	if h.Closes, ok = readTail(c.rest); !ok {
		return Head{}, false
	}
	return h, true
}

// evidence is how nearly all verified payments go on.
const evidence = `,"evidence":[{"method":"coinbase-callback","status":"completed"}]}`

// readTail accepts the end of an object, and the members that are known to
// follow a head, if none of the texts in them could be the name of a member
// that matters and is not where it should be.
func readTail(rest []byte) (closes, ok bool) {
	if string(rest) == "}" || string(rest) == evidence {
		return false, true
	}
	if len(rest) == 0 || rest[len(rest)-1] != '}' || bytes.IndexByte(rest, '\\') >= 0 ||
		!bytes.HasPrefix(rest, []byte(`,"evidence":`)) && !bytes.HasPrefix(rest, []byte(`,"details":`)) ||
		bytes.Contains(rest, []byte(`"occurredAt"`)) {
		return false, false
	}
	return bytes.Contains(rest, []byte(`"closes"`)), true
}

// cursor reads data from left to right, and remembers having failed.
type cursor struct {
	rest   []byte
	failed bool
}

func (c *cursor) expect(literal string) {
	if len(c.rest) < len(literal) || string(c.rest[:len(literal)]) != literal {
		c.failed = true
		c.rest = nil
		return
	}
	c.rest = c.rest[len(literal):]
}

// text expects a literal, and returns what follows up to the closing quote.
func (c *cursor) text(literal string) []byte {
	c.expect(literal)
	for i, b := range c.rest {
		switch {
		case b == '"':
			text := c.rest[:i]
			c.rest = c.rest[i+1:]
			return text
		case b < 0x20 || b >= 0x7f || b == '\\':
			c.failed = true
			return nil
		}
	}
	c.failed = true
	return nil
}
