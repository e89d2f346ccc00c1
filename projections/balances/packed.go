package balances

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"daybook/projections/internal/compact"
	"daybook/projections/internal/fact"
)

// dictionary has the texts that packed entries refer to by number: event types,
// currencies and the beginnings of names.
type dictionary struct {
	types, currencies, prefixes compact.Words
}

// samePaymentEnd is the flag of an entry whose payment ends like its stream, and
// does not repeat that.
const samePaymentEnd = 1

// pack appends what the text of an entry is made of, in a third of its length:
// the more entries wait to be written, the more of one user go together.
func pack(b []byte, d *delta, f *fund, words *dictionary) []byte {
	streamPrefix, streamEnd := compact.CutName([]byte(d.event.Stream))
	paymentPrefix, paymentEnd := compact.CutName(d.payment)
	var flags byte
	if bytes.Equal(streamEnd, paymentEnd) {
		flags, paymentEnd = samePaymentEnd, nil
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(d.event.Position))
	b = binary.AppendUvarint(b, words.types.Number([]byte(d.event.Type)))
	b = binary.AppendUvarint(b, words.currencies.Number([]byte(f.currency)))
	b = compact.AppendName(b, &words.prefixes, streamPrefix, streamEnd)
	b = compact.AppendName(b, &words.prefixes, paymentPrefix, paymentEnd)
	b = appendSized(b, func(b []byte) []byte { return addSigned(b, d, f.scale) })
	b = appendSized(b, func(b []byte) []byte { return fact.AppendDecimal(b, &f.available, f.scale) })
	recorded := d.event.RecordedAt
	b = compact.AppendTime(b, recorded, 0)
	return compact.AppendTime(b, d.occurredAt, recorded.Unix())
}

// appendSized appends an amount or the code of a currency with its length in a
// byte: they are far below 256.
func appendSized(b []byte, text func([]byte) []byte) []byte {
	at := len(b)
	b = text(append(b, 0))
	b[at] = byte(len(b) - at - 1)
	return b
}

// clocks write the times of entries.
type clocks struct{ recorded, occurred fact.Clock }

// unpack appends the text of an entry, which is what appendEntry writes.
func unpack(b, packed []byte, words *dictionary, times *clocks) []byte {
	r := compact.Reader{Rest: packed}
	flags := r.Byte()
	b = append(b, `["`...)
	b = strconv.AppendUint(b, r.Uvarint(), 10)
	b = append(b, `",`...)
	b = appendText(b, words.types.Text(r.Uvarint()))
	currency := words.currencies.Text(r.Uvarint())
	streamPrefix, streamEnd := r.Name(&words.prefixes)
	paymentPrefix, paymentEnd := r.Name(&words.prefixes)
	if flags&samePaymentEnd != 0 {
		paymentEnd = streamEnd
	}
	b = append(b, ',')
	b = appendText(b, paymentPrefix+paymentEnd)
	b = append(b, `,"`...)
	b = append(b, currency...)
	for range 2 { // the amount and the balance behind it
		b = append(b, `","`...)
		b = append(b, r.Rest[1:1+r.Rest[0]]...)
		r.Rest = r.Rest[1+r.Rest[0]:]
	}
	b = append(b, `",`...)
	b = appendText(b, streamPrefix+streamEnd)
	recorded := r.Time(0)
	occurred := r.Time(recorded.Unix())
	b = append(b, `,"`...)
	if !occurred.IsZero() {
		b = times.occurred.Append(b, occurred)
	}
	b = append(b, `","`...)
	b = times.recorded.Append(b, recorded)
	return append(b, `"]`...)
}
