package verify

import (
	"context"
	"hash/maphash"

	"daybook/eventstore"
)

// maxSlots are those of a table of one pass, which takes 64 MB, or 128 MB with
// values: for six million payments or orders.
const maxSlots = 1 << 23

// maxSuspects bounds the payments that are looked at closely.
const maxSuspects = 1000

// credits checks that each payment is credited at most once, and that each
// mispayment arrives at most once, in whichever orders. It remembers
// hashes of payments; a hash that comes twice is a suspicion, and a second
// reading counts the payments behind it by name.
type credits struct {
	seed     maphash.Seed
	counted  *table
	suspects map[uint64]bool
}

func newCredits(seed maphash.Seed, s share, slots int) *credits {
	return &credits{seed: seed, counted: newTable(s, slots, false), suspects: make(map[uint64]bool)}
}

// creditOf returns what an event credits: a payment, or for want of an
// identity a hold; or the arrival of a mispayment. Releasing a contradiction posts the difference to a credit,
// and is none itself.
func (f *fact) creditOf() (identity string, ok bool) {
	switch {
	case f.rule.mispays:
		return "arrival of " + f.said.Payment, true
	case !f.rule.credits, f.said.Contradiction:
		return "", false
	case f.said.Payment == "":
		return "hold " + f.said.Hold, true
	}
	return f.said.Payment, true
}

// hashOf never returns 0.
func hashOf(seed maphash.Seed, text string) uint64 { return max(1, maphash.String(seed, text)) }

func (c *credits) note(f *fact) {
	identity, ok := f.creditOf()
	if !ok {
		return
	}
	hash := hashOf(c.seed, identity)
	if c.counted.share.covers(hash) && c.counted.put(hash, 0) && len(c.suspects) < maxSuspects {
		c.suspects[hash] = true
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
			return f.err
		})
		if err := again.to(ctx, to); err != nil {
			return err
		}
	}
}

func readFact(f *fact, event eventstore.Recorded) { f.read(event) }

// count reads the log once more for the suspects.
func (c *credits) count(ctx context.Context, log eventstore.Reader, to eventstore.Position, found *findings) error {
	if len(c.suspects) == 0 {
		return nil
	}
	first := make(map[string]eventstore.Recorded)
	again := newFollower(log, readFact, func(_ context.Context, f *fact) error {
		identity, ok := f.creditOf()
		if !ok || !c.suspects[hashOf(c.seed, identity)] {
			return f.err
		}
		if earlier, twice := first[identity]; twice {
			counted := "credited"
			if f.rule.mispays {
				counted = "put into suspense"
			}
			found.add(Difference{
				Subject: "payment " + identity,
				Text: counted + " again by " + f.event.Type + " at position " + f.event.Position.String() +
					", was " + counted + " by " + earlier.Type + " at position " + earlier.Position.String(),
			})
			return nil
		}
		first[identity] = eventstore.Recorded{Event: eventstore.Event{Type: f.event.Type}, Position: f.event.Position}
		return nil
	})
	return again.to(ctx, to)
}
