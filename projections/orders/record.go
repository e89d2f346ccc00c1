package orders

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cockroachdb/apd/v3"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/internal/compact"
	"daybook/projections/internal/fact"
)

// record is what the model keeps of one order: its events, encoded one behind
// the other, with no more of the commonest than Fold needs. Orders are written
// often, by every payment, and read seldom, so that folding waits until one is
// asked for. A record only grows at its end.
type record []byte

// The kinds of events in a record.
const (
	whole        = iota // type and data, for the codec
	received            // the head of a PaymentReceived
	verified            // the head of a PaymentVerified
	verifiedSame        // a PaymentVerified of what was received just before
)

// checked is an event of an order that can be folded.
type checked struct {
	event *eventstore.Recorded
	kind  byte
	head  fact.Head // of received and verified
}

// check reports whether an event can be folded.
func check(event *eventstore.Recorded) (checked, error) {
	if kind := kindOf(event); kind != whole {
		head, ok := fact.ReadHead(event.Data)
		if ok && !head.Closes && fact.ParseUnits(new(apd.BigInt), head.Currency, head.Amount) {
			return checked{event: event, kind: kind, head: head}, nil
		}
	}
	if _, err := order.Codec.Decode(event.Type, event.Schema, event.Data); err != nil {
		return checked{}, fmt.Errorf("event %s in %s at position %s: %w", event.ID, event.Stream, event.Position, err)
	}
	return checked{event: event, kind: whole}, nil
}

func kindOf(event *eventstore.Recorded) byte {
	switch {
	case event.Schema != 1:
		return whole
	case event.Type == "PaymentReceived":
		return received
	case event.Type == "PaymentVerified":
		return verified
	}
	return whole
}

// appendTo appends the event to a record. Last is the event before it in the
// batch, if that is of the same order.
func (c *checked) appendTo(b []byte, last *checked, words *compact.Words) []byte {
	e := c.event
	kind := c.kind
	if kind == verified && last != nil && last.kind == received && sameFacts(&c.head, &last.head) {
		kind = verifiedSame
	}
	b = append(b, kind)
	b = binary.AppendUvarint(b, uint64(e.Revision))
	b = binary.AppendUvarint(b, uint64(e.Position))
	b = binary.AppendVarint(b, e.RecordedAt.UnixMicro())
	switch kind {
	case whole:
		b = binary.AppendUvarint(b, words.Number([]byte(e.Type)))
		b = binary.AppendUvarint(b, uint64(e.Schema))
		b = compact.AppendText(b, e.Data)
	case received, verified:
		h := &c.head
		prefix, end := compact.CutName(h.Payment)
		b = compact.AppendName(b, words, prefix, end)
		b = compact.AppendText(b, h.User)
		b = compact.AppendText(b, h.Currency)
		b = compact.AppendText(b, h.Amount)
		b = compact.AppendTime(b, h.OccurredAt, e.RecordedAt.Unix())
	case verifiedSame:
	}
	return b
}

func sameFacts(a, b *fact.Head) bool {
	return bytes.Equal(a.Payment, b.Payment) && bytes.Equal(a.User, b.User) && bytes.Equal(a.Currency, b.Currency) &&
		bytes.Equal(a.Amount, b.Amount) && a.OccurredAt.Equal(b.OccurredAt)
}

// fold returns the order of a record.
func (r record) fold(id order.ID, words *compact.Words) (Order, error) {
	o := Order{ID: id}
	var before order.PaymentReceived
	reader := compact.Reader{Rest: r}
	for len(reader.Rest) > 0 {
		kind := reader.Byte()
		revision := eventstore.Revision(reader.Uvarint())
		position := eventstore.Position(reader.Uvarint())
		recorded := time.UnixMicro(reader.Varint()).UTC()
		event, err := readEvent(&reader, kind, recorded, before, words)
		if err != nil {
			return Order{}, err
		}
		before, _ = event.(order.PaymentReceived)
		if o, err = o.with(event, revision, position, recorded); err != nil {
			return Order{}, err
		}
	}
	return o, nil
}

// readEvent reads the rest of one event. Of the commonest it has what put
// looks at.
func readEvent(r *compact.Reader, kind byte, recorded time.Time, before order.PaymentReceived, words *compact.Words) (order.Event, error) {
	switch kind {
	case whole:
		eventType := words.Text(r.Uvarint())
		schema := int(r.Uvarint())
		return order.Codec.Decode(eventType, schema, r.Text())
	case verifiedSame:
		return asVerified(before), nil
	}
	prefix, end := r.Name(words)
	e := order.PaymentReceived{Payment: ident.Payment(prefix + end), User: string(r.Text())}
	currency := money.Currency(r.Text())
	var err error
	if e.Amount, err = money.Parse(currency, string(r.Text())); err != nil {
		return nil, err
	}
	e.OccurredAt = r.Time(recorded.Unix())
	if kind == verified {
		return asVerified(e), nil
	}
	return e, nil
}

func asVerified(e order.PaymentReceived) order.PaymentVerified {
	return order.PaymentVerified{Payment: e.Payment, User: e.User, Amount: e.Amount, OccurredAt: e.OccurredAt}
}
