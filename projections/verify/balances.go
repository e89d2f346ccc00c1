package verify

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

const (
	// roundUsers is how many users are read before the fold goes on, so that it
	// begins to read the log once for all of them.
	roundUsers = 8192

	// maxDoubtful bounds what is looked at again.
	maxDoubtful = 10_000
)

// balances compares the model of balances: the hash and the entries of every
// user.
type balances struct {
	*session
	model    modelOf
	book     *book
	follower *follower[fact]

	waiting  map[string]bool // encoded names of users whose keys were found
	doubtful []string        // that differ, to be looked at again
	more     int             // that differ and are not looked at again
	compared uint64
}

// compareBalances folds up to the model's checkpoint, and compares all keys of
// the generation that are of balances or of nothing that is known.
func (s *session) compareBalances(ctx context.Context) error {
	b := &balances{
		session: s, model: modelOf{name: "balances", fold: s.options.Balances},
		book: newBook(s.slots), waiting: make(map[string]bool),
	}
	b.follower = newFollower(s.options.Log, readFact, b.book.apply)
	b.follower.told = func(events uint64) { s.tellFolding("folding balances", events, &b.model) }
	defer b.summarize()
	if err := b.begin(ctx); err != nil {
		return err
	}
	if err := s.scan(ctx, s.layout.all(), func(keys []string) error { return b.collect(ctx, keys) }); err != nil {
		return err
	}
	if err := b.compareWaiting(ctx); err != nil {
		return err
	}
	if err := b.compareMissing(ctx); err != nil {
		return err
	}
	if err := b.compareAgain(ctx); err != nil {
		return err
	}
	b.book.checkTotals(&s.found)
	return checkCredits(ctx, s.options.Log, b.book.credits, b.follower.last.Position, &s.found)
}

// begin folds up to the model's checkpoint.
func (b *balances) begin(ctx context.Context) error {
	if err := b.snapshot(ctx, &b.model, func(redis.Pipeliner) {}); err != nil {
		return err
	}
	return b.follower.through(ctx, []stop{b.stopAt(func() {})})
}

// stopAt is a stop at the checkpoint that the model has at the moment.
func (b *balances) stopAt(then func()) stop {
	c := b.model.checkpoint
	return stop{c.Position, func(context.Context) error {
		if err := b.arrive(&b.model, c, b.follower.last); err != nil {
			return err
		}
		then()
		return nil
	}}
}

// collect notes the users of keys, and keys that belong to nothing.
func (b *balances) collect(ctx context.Context, keys []string) error {
	for _, key := range keys {
		switch kind, name := b.layout.cut(key); kind {
		case "balance", "entries":
			if a := b.book.accounts[name]; a == nil || !a.compared {
				b.waiting[name] = true
			}
		case "order":
		case "checkpoint", "sum":
			if name != "balances" && name != "orders" {
				b.surplus(key)
			}
		default:
			b.surplus(key)
		}
	}
	if len(b.waiting) < roundUsers {
		return nil
	}
	return b.compareWaiting(ctx)
}

func (b *balances) surplus(key string) {
	b.found.add(Difference{Subject: key, Text: "is surplus: no part of a model has this name"})
}

func (b *balances) compareWaiting(ctx context.Context) error {
	names := make([]string, 0, len(b.waiting))
	for name := range b.waiting {
		names = append(names, name)
	}
	clear(b.waiting)
	return b.compareAll(ctx, names, b.doubt)
}

// doubt notes a user who differs.
func (b *balances) doubt(name string, differences []Difference) {
	switch {
	case len(differences) == 0:
	case len(b.doubtful) < maxDoubtful:
		b.doubtful = append(b.doubtful, name)
	default:
		b.more++
	}
}

// compareMissing compares the users of the fold whom no key was of.
func (b *balances) compareMissing(ctx context.Context) error {
	var missing []string
	for name, a := range b.book.accounts {
		if !a.compared {
			missing = append(missing, name)
		}
	}
	return b.compareAll(ctx, missing, b.doubt)
}

// compareAgain looks at users that differed once more, and reports what
// differs still: their entries are read behind the transaction, and a model
// that was replaced meanwhile is no difference.
func (b *balances) compareAgain(ctx context.Context) error {
	slices.Sort(b.doubtful)
	b.found.count += b.more
	return b.compareAll(ctx, slices.Compact(b.doubtful), func(_ string, differences []Difference) {
		for _, d := range differences {
			b.found.add(d)
		}
	})
}

// compareAll compares users: it reads some, each with the checkpoint that they
// are of, and then lets the fold go through these checkpoints.
func (b *balances) compareAll(ctx context.Context, names []string, each func(name string, differences []Difference)) error {
	for round := range slices.Chunk(names, roundUsers) {
		var stops []stop
		for batch := range slices.Chunk(round, batchKeys) {
			users, err := b.readUsers(ctx, batch)
			if err != nil {
				return err
			}
			stops = append(stops, b.stopAt(func() { b.compareUsers(batch, users, each) }))
		}
		if err := b.follower.through(ctx, stops); err != nil {
			return err
		}
	}
	return nil
}

// compareUsers compares users with the fold where it stands.
func (b *balances) compareUsers(names []string, users []storedUser, each func(string, []Difference)) {
	for i, name := range names {
		a := b.book.accounts[name]
		if a != nil {
			a.compared = true
		}
		each(name, b.differences(name, a, &users[i]))
	}
	b.compared += uint64(len(names))
	b.options.Told(Step{Doing: "comparing balances", Done: b.compared, Total: max(b.compared, uint64(len(b.book.accounts)))})
}

// summarize puts into the report what was compared.
func (b *balances) summarize() {
	b.report.Balances = Model{
		Position: b.model.checkpoint.Position, Events: b.follower.events,
		Subjects: uint64(len(b.book.accounts)), Entries: b.book.entries,
	}
	b.report.Totals = b.book.list()
}
