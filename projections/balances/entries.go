package balances

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/cockroachdb/apd/v3"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/internal/compact"
	"daybook/projections/internal/fact"
)

// pageBytes is what one entry of a page needs at most, usually.
const pageBytes = 48

// pageEntries is the number of entries encoded together. To read one entry
// its whole page is decoded; a page that is not full has room to spare.
const pageEntries = 16

// entries are the entries of one user from the first on, encoded one behind
// the other in pages. There are as many entries as credits in the log, so
// their size is most of the size of the model.
type entries struct {
	pages [][]byte
	count uint64

	// Of the last entry; the next one in its page has the difference.
	position eventstore.Position
	recorded int64 // in microseconds since 1970
}

// dictionary has the texts that accounts refer to by number: those of the
// events that can be decoded, and the beginnings of names.
type dictionary struct {
	types, currencies, prefixes compact.Words
}

// The bits of an entry's first byte.
const (
	samePaymentEnd   = 1 << iota // the payment ends like the stream, and that is not repeated
	isNegativeAmount             // the signs of the two numbers
	isNegativeBalance
)

// add encodes the entry of a delta, after which the user has balance.
func (e *entries) add(d *delta, balance *apd.BigInt, words *dictionary) {
	if e.count%pageEntries == 0 {
		if n := len(e.pages); n > 0 {
			e.pages[n-1] = bytes.Clone(e.pages[n-1]) // gives back what append kept in reserve
		}
		e.pages = append(e.pages, make([]byte, 0, pageBytes))
		e.position, e.recorded = 0, 0
	}
	recorded := d.event.RecordedAt.UnixMicro()
	streamPrefix, streamEnd := compact.CutName([]byte(d.event.Stream))
	paymentPrefix, paymentEnd := compact.CutName(d.payment)

	var flags byte
	if bytes.Equal(streamEnd, paymentEnd) {
		flags |= samePaymentEnd
		paymentEnd = nil
	}
	if d.units.Sign() < 0 {
		flags |= isNegativeAmount
	}
	if balance.Sign() < 0 {
		flags |= isNegativeBalance
	}

	last := len(e.pages) - 1
	b := append(e.pages[last], flags)
	b = binary.AppendUvarint(b, uint64(d.event.Position-e.position))
	b = binary.AppendVarint(b, recorded-e.recorded)
	b = compact.AppendTime(b, d.occurredAt, recorded/1e6)
	b = binary.AppendUvarint(b, words.types.Number([]byte(d.event.Type)))
	b = binary.AppendUvarint(b, words.currencies.Number(d.currency))
	b = appendUnits(b, &d.units)
	b = appendUnits(b, balance)
	b = compact.AppendName(b, &words.prefixes, streamPrefix, streamEnd)
	b = compact.AppendName(b, &words.prefixes, paymentPrefix, paymentEnd)

	e.pages[last] = b
	e.count++
	e.position, e.recorded = d.event.Position, recorded
}

// appendUnits writes a number without its sign.
func appendUnits(b []byte, units *apd.BigInt) []byte {
	if units.IsInt64() {
		n := units.Int64()
		if n < 0 {
			n = -n // the smallest int64 stays what it is, which is right for uint64
		}
		size := (units.BitLen() + 7) / 8
		b = append(b, byte(size))
		for i := size - 1; i >= 0; i-- {
			b = append(b, byte(uint64(n)>>(8*i)))
		}
		return b
	}
	magnitude := units.Bytes()
	b = binary.AppendUvarint(b, uint64(len(magnitude)))
	return append(b, magnitude...)
}

// before returns up to limit entries with numbers below before, newest first.
func (e *entries) before(before uint64, limit int, words *dictionary) ([]Entry, error) {
	if before == 0 || before > e.count+1 {
		before = e.count + 1
	}
	found := make([]Entry, 0, min(uint64(limit), before-1))
	for len(found) < limit && before > 1 {
		page := (before - 2) / pageEntries // of the entry below before
		decoded, err := decodePage(e.pages[page], page*pageEntries+1, words)
		if err != nil {
			return nil, err
		}
		for len(found) < limit && before > page*pageEntries+1 {
			before--
			found = append(found, decoded[before-page*pageEntries-1])
		}
	}
	return found, nil
}

// decodePage returns the entries of a page, whose first one has the given
// number.
func decodePage(page []byte, number uint64, words *dictionary) ([]Entry, error) {
	decoded := make([]Entry, 0, pageEntries)
	r := compact.Reader{Rest: page}
	var position eventstore.Position
	var recorded int64
	for ; len(r.Rest) > 0; number++ {
		flags := r.Byte()
		position += eventstore.Position(r.Uvarint())
		recorded += r.Varint()
		entry := Entry{
			Number: number, Position: position,
			OccurredAt: r.Time(recorded / 1e6), RecordedAt: time.UnixMicro(recorded).UTC(),
		}
		entry.Type = words.types.Text(r.Uvarint())
		currency := money.Currency(words.currencies.Text(r.Uvarint()))
		var err error
		if entry.Amount, err = fact.AmountOf(currency, readUnits(&r, flags&isNegativeAmount != 0)); err != nil {
			return nil, err
		}
		if entry.Balance, err = fact.AmountOf(currency, readUnits(&r, flags&isNegativeBalance != 0)); err != nil {
			return nil, err
		}
		streamPrefix, end := r.Name(&words.prefixes)
		entry.Stream = eventstore.StreamName(streamPrefix + end)
		paymentPrefix, paymentEnd := r.Name(&words.prefixes)
		if flags&samePaymentEnd != 0 {
			paymentEnd = end
		}
		entry.Payment = ident.Payment(paymentPrefix + paymentEnd)
		decoded = append(decoded, entry)
	}
	return decoded, nil
}

func readUnits(r *compact.Reader, negative bool) *apd.BigInt {
	units := new(apd.BigInt).SetBytes(r.Text())
	if negative {
		units.Neg(units)
	}
	return units
}
