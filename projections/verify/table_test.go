package verify

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// TestATableTakesTheRestInOtherPasses puts more into a table than it has room
// for, in as many passes as it says.
func TestATableTakesTheRestInOtherPasses(t *testing.T) {
	const keys, slots = 100_000, 4 * minSlots
	for _, withValues := range []bool{true, false} {
		found, passes := 0, 0
		for part, more := (share{}), true; more; passes++ {
			table, random := newTable(part, slots, withValues), rand.New(rand.NewPCG(1, 2))
			for range 2 { // the second time, what is covered is known
				*random = *rand.New(rand.NewPCG(1, 2))
				for range keys {
					if key := random.Uint64(); table.share.covers(key) {
						table.put(key, key/2)
					}
				}
			}
			random = rand.New(rand.NewPCG(1, 2))
			for range keys {
				key := random.Uint64()
				if !table.share.covers(key) {
					continue
				}
				found++
				if !withValues {
					if !table.put(key, 0) {
						t.Fatalf("%x is not known", key)
					}
				} else if value, known := table.get(key); !known || value != key/2 {
					t.Fatalf("%x is %x, %v", key, value, known)
				}
			}
			part, more = table.share.rest()
		}
		if found != keys || passes < keys/slots || passes > 4*keys/slots {
			t.Errorf("%d keys of %d in %d passes", found, keys, passes)
		}
	}
}

// TestATableGrowsByLittle bounds what a table has while it grows.
func TestATableGrowsByLittle(t *testing.T) {
	table, random := newTable(share{}, maxSlots, true), rand.New(rand.NewPCG(1, 2))
	words := func() (all, largest int) {
		for _, p := range table.pieces {
			all, largest = all+cap(p.words), max(largest, cap(p.words))
		}
		return all, largest
	}
	const keys = 500_000
	for n := 1; n <= keys; n++ {
		table.put(random.Uint64(), 0)
		if n%10_000 != 0 {
			continue
		}
		all, largest := words()
		bytes := (all + largest) * int(unsafe.Sizeof(uint64(0)))
		if perKey := bytes / n; n > 50_000 && perKey > 28 {
			t.Errorf("with %d keys it has %d bytes for each while a piece grows", n, perKey)
		}
	}
}
