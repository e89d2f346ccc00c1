package balances

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/internal/fact"
	"daybook/projections/redismodel"
)

// The members of an entry in Redis, a JSON array.
const (
	entryPosition = iota
	entryType
	entryPayment
	entryCurrency
	entryAmount
	entryBalance
	entryStream
	entryOccurred
	entryRecorded
	entryMembers
)

// appendEntry appends the entry of a delta, after which the user has what the
// fund says.
func appendEntry(b []byte, d *delta, f *fund) []byte {
	b = append(b, `["`...)
	b = strconv.AppendUint(b, uint64(d.event.Position), 10)
	b = append(b, `",`...)
	b = appendText(b, d.event.Type)
	b = append(b, ',')
	b = appendText(b, d.payment)
	b = append(b, `,"`...)
	b = append(b, f.currency...)
	b = append(b, `","`...)
	b = addSigned(b, d, f.scale)
	b = append(b, `","`...)
	b = fact.AppendDecimal(b, &f.available, f.scale)
	b = append(b, `",`...)
	b = appendText(b, d.event.Stream)
	b = append(b, `,"`...)
	if !d.occurredAt.IsZero() {
		b = d.occurredAt.UTC().AppendFormat(b, time.RFC3339Nano)
	}
	b = append(b, `","`...)
	b = d.event.RecordedAt.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, `"]`...)
}

// addSigned appends the amount of a delta as it changes what is available.
func addSigned(b []byte, d *delta, scale int) []byte {
	if d.effect.available < 0 {
		d.units.Neg(&d.units)
		defer d.units.Neg(&d.units)
	}
	return fact.AppendDecimal(b, &d.units, scale)
}

// appendText appends a JSON string. Most texts need no escape.
func appendText[T ~string | ~[]byte](b []byte, text T) []byte {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := jsontext.AppendQuote(b, text) // what is no UTF-8 is replaced
			return quoted
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// ParseEntry reads an entry as it is in Redis. Its number is its place in the
// list, from 1.
func ParseEntry(text string, number uint64) (Entry, error) {
	e, err := parseEntry(text, number)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: entry %d: %w", redismodel.ErrUnusable, number, err)
	}
	return e, nil
}

func parseEntry(text string, number uint64) (Entry, error) {
	var members []string
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return Entry{}, err
	}
	if len(members) != entryMembers {
		return Entry{}, fmt.Errorf("%d members", len(members))
	}
	e := Entry{
		Number: number, Stream: eventstore.StreamName(members[entryStream]),
		Type: members[entryType], Payment: ident.Payment(members[entryPayment]),
	}
	var err error
	if e.Position, err = eventstore.ParsePosition(members[entryPosition]); err != nil {
		return Entry{}, err
	}
	currency := money.Currency(members[entryCurrency])
	if e.Amount, err = fact.AmountOfSum(currency, members[entryAmount]); err != nil {
		return Entry{}, err
	}
	if e.Balance, err = fact.AmountOfSum(currency, members[entryBalance]); err != nil {
		return Entry{}, err
	}
	if members[entryOccurred] != "" {
		if e.OccurredAt, err = time.Parse(time.RFC3339Nano, members[entryOccurred]); err != nil {
			return Entry{}, err
		}
	}
	e.RecordedAt, err = time.Parse(time.RFC3339Nano, members[entryRecorded])
	return e, err
}
