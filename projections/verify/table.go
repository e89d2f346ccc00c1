package verify

// table holds numbers under hashes, in a fixed amount of memory: when it is
// full it keeps to the lower half of the hashes that it was for, and another
// pass over the log takes the rest. So a log of any length is covered exactly.
type table struct {
	keys   []uint64 // a power of two; 0 is an empty slot
	values []uint64 // nil for a set
	used   int
	share  share
	max    int // slots
}

const minSlots = 1 << 12

func newTable(share share, max int, withValues bool) *table {
	t := &table{share: share, max: max}
	t.allocate(minSlots, withValues)
	return t
}

func (t *table) allocate(slots int, withValues bool) {
	t.keys, t.used = make([]uint64, slots), 0
	if withValues {
		t.values = make([]uint64, slots)
	}
}

// slot returns where a key is or would be.
func (t *table) slot(key uint64) (at int, found bool) {
	mask := uint64(len(t.keys) - 1)
	for at := key * 0x9e3779b97f4a7c15 >> 20 & mask; ; at = (at + 1) & mask {
		switch t.keys[at] {
		case key:
			return int(at), true
		case 0:
			return int(at), false
		}
	}
}

// put stores a value under a key that the share covers, and reports whether
// the key was there before.
func (t *table) put(key, value uint64) (known bool) {
	at, known := t.slot(key)
	if !known {
		if t.used >= len(t.keys)/4*3 {
			t.makeRoom()
			if !t.share.covers(key) {
				return false
			}
			at, _ = t.slot(key)
		}
		t.keys[at] = key
		t.used++
	}
	if t.values != nil {
		t.values[at] = value
	}
	return known
}

func (t *table) get(key uint64) (value uint64, known bool) {
	at, known := t.slot(key)
	if !known {
		return 0, false
	}
	return t.values[at], true
}

// unseen counts the values without the mark.
func (t *table) unseen() (n int) {
	for i, key := range t.keys {
		if key != 0 && t.values[i]&seen == 0 {
			n++
		}
	}
	return n
}

func (t *table) makeRoom() {
	keys, values, slots := t.keys, t.values, 2*len(t.keys)
	if slots > t.max {
		t.share = t.share.half()
		slots = len(t.keys)
	}
	t.allocate(slots, values != nil)
	for i, key := range keys {
		if key == 0 || !t.share.covers(key) {
			continue
		}
		at, _ := t.slot(key)
		t.keys[at] = key
		if values != nil {
			t.values[at] = values[i]
		}
		t.used++
	}
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
