package verify

import "math/bits"

// table holds numbers under hashes, in a fixed amount of memory: when it is
// full it keeps to the lower half of the hashes that it was for, and another
// pass over the log takes the rest. So a log of any length is covered exactly.
//
// It is in pieces, which grow by themselves and by little: while one grows it is
// there twice, and the whole table would be most of the memory that there is.
type table struct {
	pieces [pieces]piece // by the upper bits of what hashes are mixed to
	width  int           // of a slot: a key, and perhaps a value behind it
	used   int           // slots
	share  share
	max    int // slots of all pieces
}

// piece is an open hash table; a key of 0 is an empty slot.
type piece struct {
	words      []uint64 // of its slots
	size, used int      // in slots
}

const (
	pieceBits = 6
	pieces    = 1 << pieceBits
	minSlots  = 1 << 12 // of all pieces
)

func newTable(share share, max int, withValues bool) *table {
	t := &table{width: 1, share: share, max: max}
	if withValues {
		t.width = 2
	}
	for i := range t.pieces {
		t.resize(&t.pieces[i], minSlots/pieces)
	}
	return t
}

// slot returns where a key is or would be.
func (t *table) slot(key uint64) (p *piece, at int, found bool) {
	mixed := key * 0x9e3779b97f4a7c15
	p = &t.pieces[mixed>>(64-pieceBits)]
	begin, _ := bits.Mul64(mixed<<pieceBits, uint64(p.size))
	for at = int(begin) * t.width; ; {
		switch p.words[at] {
		case key:
			return p, at, true
		case 0:
			return p, at, false
		}
		if at += t.width; at == len(p.words) {
			at = 0
		}
	}
}

// put stores a value under a key that the share covers, and reports whether
// the key was there before.
func (t *table) put(key, value uint64) (known bool) {
	p, at, known := t.slot(key)
	if !known {
		for p.used >= p.size/5*4 {
			t.makeRoom(p)
			if !t.share.covers(key) {
				return false
			}
			_, at, _ = t.slot(key)
		}
		p.words[at] = key
		p.used++
		t.used++
	}
	if t.width > 1 {
		p.words[at+1] = value
	}
	return known
}

func (t *table) get(key uint64) (value uint64, known bool) {
	p, at, known := t.slot(key)
	if !known {
		return 0, false
	}
	return p.words[at+1], true
}

// unseen counts the values without the mark.
func (t *table) unseen() (n int) {
	for i := range t.pieces {
		words := t.pieces[i].words
		for at := 0; at < len(words); at += t.width {
			if words[at] != 0 && words[at+1]&seen == 0 {
				n++
			}
		}
	}
	return n
}

// makeRoom makes a piece larger, or the share smaller.
func (t *table) makeRoom(p *piece) {
	if most := t.max / pieces; p.size < most {
		t.resize(p, min(p.size+p.size/4, most))
		return
	}
	t.share = t.share.half()
	for i := range t.pieces {
		t.resize(&t.pieces[i], t.pieces[i].size)
	}
}

// resize puts what the share covers of a piece into so many slots.
func (t *table) resize(p *piece, slots int) {
	before := p.words
	t.used -= p.used
	*p = piece{words: make([]uint64, slots*t.width), size: slots}
	for i := 0; i < len(before); i += t.width {
		if before[i] == 0 || !t.share.covers(before[i]) {
			continue
		}
		_, at, _ := t.slot(before[i])
		copy(p.words[at:], before[i:i+t.width])
		p.used++
	}
	t.used += p.used
}

// share is a range of hashes. The zero value is all of them.
type share struct {
	from, width uint64 // 0 is up to the end
}

func (s share) covers(hash uint64) bool {
	return hash >= s.from && (s.width == 0 || hash-s.from < s.width)
}

// half returns the lower half.
func (s share) half() share {
	if s.width == 0 {
		return share{s.from, (^s.from)/2 + 1}
	}
	return share{s.from, max(1, s.width/2)}
}

// rest returns what lies above the share, and whether there is anything.
func (s share) rest() (rest share, ok bool) {
	return share{from: s.from + s.width}, s.width != 0 && s.from+s.width > s.from
}
