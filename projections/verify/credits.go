package verify

import (
	"cmp"
	"context"
	"hash/maphash"

	"daybook/eventstore"
)

// maxSlots are those of a table of one pass, which takes 64 MB, or 128 MB with
// values: for six million payments or orders.
const maxSlots = 1 << 23

// maxSuspects bounds the payments that are looked at closely.
const maxSuspects = 1 << 20

// credits checks that each payment has at most one credit that stands, and that each
// mispayment arrives at most once, in whichever orders. It remembers hashes of payments; a
// hash that comes twice is a suspicion, and a second reading follows the payments behind
// it by name.
type credits struct {
	seed     maphash.Seed
	counted  *table
	suspects map[uint64]bool
	isFull   bool // there are more suspects than there is room for
}

func newCredits(seed maphash.Seed, s share, slots int) *credits {
	return &credits{seed: seed, counted: newTable(s, slots, false), suspects: make(map[uint64]bool)}
}

// creditOf returns what an event credits: a payment, or for want of an identity an item;
// or the arrival of a mispayment.
func (f *fact) creditOf() (identity string, ok bool) {
	if f.rule.mispays {
		return "arrival of " + f.said.Payment, true
	}
	return f.subject(), f.rule.credits
}

// subject returns which payment an event is about; for want of an identity, which item.
func (f *fact) subject() string {
	if f.said.Payment == "" {
		return "hold " + cmp.Or(f.said.Hold, f.said.Item)
	}
	return f.said.Payment
}

// hashOf never returns 0.
func hashOf(seed maphash.Seed, text string) uint64 { return max(1, maphash.String(seed, text)) }

func (c *credits) note(f *fact) {
	identity, ok := f.creditOf()
	if !ok {
		return
	}
	hash := hashOf(c.seed, identity)
	if !c.counted.share.covers(hash) || !c.counted.put(hash, 0) {
		return
	}
	if len(c.suspects) < maxSuspects {
		c.suspects[hash] = true
	} else if !c.suspects[hash] {
		c.isFull = true
	}
}

// checkCredits finishes what a first reading has begun: the passes over the
// hashes for which there was no room, and the counting of suspects.
func checkCredits(ctx context.Context, log eventstore.Reader, first *credits, to eventstore.Position, found *findings) error {
	for c := first; ; {
		if err := c.count(ctx, log, to, found); err != nil {
			return err
		}
		rest, more := c.counted.share.rest()
		if !more {
			return nil
		}
		c = newCredits(c.seed, rest, c.counted.max)
		again := newFollower(log, readFact, func(_ context.Context, f *fact) error {
			c.note(f)
			return nil
		})
		if err := again.to(ctx, to); err != nil {
			return err
		}
	}
}

func readFact(f *fact, event eventstore.Recorded) { f.read(event) }
