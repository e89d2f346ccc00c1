package balances

import (
	"encoding/binary"

	"daybook/projections/redismodel"
)

// chains are the texts of entries of many users, those of one user chained,
// so that putting one takes no memory of its own: the place of the next one,
// the length, the text. Place 0 is none.
type chains []byte

const entryHead = 8

// add adds an entry behind the last one of a purse.
func (e *chains) add(p *purse, text func([]byte) []byte) {
	if len(*e) == 0 {
		*e = append(*e, 0)
	}
	at := uint32(len(*e))
	b := append(*e, 0, 0, 0, 0, 0, 0, 0, 0)
	b = text(b)
	binary.LittleEndian.PutUint32(b[at+4:], uint32(len(b))-at-entryHead)
	if p.entries == 0 {
		p.first = at
	} else {
		binary.LittleEndian.PutUint32(b[p.last:], at)
	}
	p.last = at
	p.entries++
	*e = b
}

// write adds a chain to the list that a batch has begun. Value appends what is
// to be written of an entry.
func (e chains) write(b *redismodel.Batch, first uint32, value func(b, entry []byte) []byte) {
	for at := first; at != 0; {
		var text []byte
		text, at = e.entry(at)
		b.Append(func(b []byte) []byte { return value(b, text) })
	}
}

// entry returns the text at a place, and the place of the next one.
func (e chains) entry(at uint32) (text []byte, next uint32) {
	from := at + entryHead
	return e[from : from+binary.LittleEndian.Uint32(e[at+4:])], binary.LittleEndian.Uint32(e[at:])
}

// window is a stretch of the log as it is written to a model that is filled:
// what it has changed of each user.
type window struct {
	packed chains     // entries
	words  dictionary // that they refer to; what was added later is not seen
	times  clocks
	fields []byte // of hashes: each a length in a byte, and a text
	users  []changed
}

// changed is a user of a window.
type changed struct {
	name     string
	isNew    bool   // the balance is not stored
	isListed bool   // entries are
	from, to int    // of fields
	first    uint32 // of entries
	entries  int
}

// take takes over what is in purses, besides the entries.
func (w *window) take(touched []*purse) {
	w.fields, w.users = w.fields[:0], w.users[:0]
	for _, p := range touched {
		u := changed{name: p.name, isNew: !p.isStored, isListed: p.isListed, from: len(w.fields), first: p.first, entries: p.entries}
		p.changes(func(_ bool, value func([]byte) []byte) {
			w.fields = appendSized(w.fields, value)
		})
		u.to = len(w.fields)
		w.users = append(w.users, u)
		p.reset()
	}
}

// write adds a user to a batch.
func (w *window) write(b *redismodel.Batch, u *changed) {
	b.Hash(redismodel.KindBalance, u.name)
	if u.isNew {
		b.New()
	}
	for rest := w.fields[u.from:u.to]; len(rest) > 0; {
		n := 1 + int(rest[0])
		b.Append(func(value []byte) []byte { return append(value, rest[1:n]...) })
		rest = rest[n:]
	}
	if u.first == 0 {
		return
	}
	b.List(redismodel.KindEntries, u.name)
	if !u.isListed {
		b.New()
	}
	w.packed.write(b, u.first, func(b, packed []byte) []byte { return unpack(b, packed, &w.words, &w.times) })
}
