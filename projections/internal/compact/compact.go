// Package compact encodes what read models keep in memory for millions of
// entries. What it writes never leaves the process, so that reading cannot
// meet anything else. It knows no model.
package compact

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Words gives short numbers to texts that come again and again. Its zero value
// is empty. It is not safe for use by several goroutines.
type Words struct {
	list  []string
	index map[string]uint64
}

// Number returns the number of a text, which it gets if it has none.
func (w *Words) Number(text []byte) uint64 {
	if number, known := w.index[string(text)]; known {
		return number
	}
	if w.index == nil {
		w.index = make(map[string]uint64)
	}
	word := string(text)
	number := uint64(len(w.list))
	w.list = append(w.list, word)
	w.index[word] = number
	return number
}

// Text returns the text with a number.
func (w *Words) Text(number uint64) string { return w.list[number] }

// maxPrefixes bounds the beginnings of names that are remembered. There are a
// few for each provider; the rest would be of one name each.
const maxPrefixes = 250

// CutName splits the name of a stream or payment behind what is the same in
// many: order-coinbase.|5RTQNACF, coinbase/order/|5RTQNACF.
func CutName(name []byte) (prefix, end []byte) {
	cut := bytes.LastIndexAny(name, "/.-") + 1
	return name[:cut], name[cut:]
}

// AppendName appends a name that is cut in two. Words has the beginnings; one
// that has no number is written out, behind a 0.
func AppendName(b []byte, words *Words, prefix, end []byte) []byte {
	number, known := words.index[string(prefix)]
	if !known && len(words.list) < maxPrefixes {
		number, known = words.Number(prefix), true
	}
	if known {
		b = binary.AppendUvarint(b, number+1)
		return AppendText(b, end)
	}
	b = append(b, 0)
	b = AppendText(b, prefix)
	return AppendText(b, end)
}

// AppendText appends a text with its length.
func AppendText(b, text []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

// AppendTime appends a time; the closer it is to the seconds since 1970 that
// near says, the shorter.
func AppendTime(b []byte, t time.Time, near int64) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	nanoseconds := uint64(t.Nanosecond())
	b = binary.AppendUvarint(b, nanoseconds+1)
	return binary.AppendVarint(b, t.Unix()-near)
}

// Reader reads from left to right what was appended.
type Reader struct{ Rest []byte }

// Byte reads one byte.
func (r *Reader) Byte() byte {
	b := r.Rest[0]
	r.Rest = r.Rest[1:]
	return b
}

// Uvarint reads an unsigned number.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.Rest)
	r.Rest = r.Rest[n:]
	return v
}

// Varint reads a signed number.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.Rest)
	r.Rest = r.Rest[n:]
	return v
}

// Text reads a text. It points into what is read.
func (r *Reader) Text() []byte {
	n := r.Uvarint()
	b := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return b
}

// Name reads the two parts of a name.
func (r *Reader) Name(words *Words) (prefix, end string) {
	if number := r.Uvarint(); number > 0 {
		prefix = words.Text(number - 1)
	} else {
		prefix = string(r.Text())
	}
	return prefix, string(r.Text())
}

// Time reads a time, in UTC.
func (r *Reader) Time(near int64) time.Time {
	nanoseconds := r.Uvarint()
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(near+r.Varint(), int64(nanoseconds-1)).UTC()
}
