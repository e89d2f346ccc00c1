package verify

import (
	"context"
	"fmt"
	"math"
	"slices"

	"daybook/eventstore"
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
	prover   *prover // nil: no evidence is read
	follower *follower[provenFact]

	isWrong  bool            // the model, as a whole
	waiting  map[string]bool // encoded names of users whose keys were found
	doubtful []string        // that differ, to be looked at again
	more     int             // that differ and are not looked at again
	compared uint64
	scratch  []byte // of digests
}

func newBalances(s *session) *balances {
	b := &balances{
		session: s, model: modelOf{name: balancesModel, fold: s.options.foldVersion(balancesModel)},
		book: newBook(s.slots), waiting: make(map[string]bool),
	}
	b.prover = newProver(s.options.Log, s.options.Readers, s.slots)
	b.follower = newFollower(s.options.Log, b.readFact, b.apply)
	b.follower.include = b.prover.include()
	b.follower.told = func(events uint64) { s.tellFolding("folding balances", events, &b.model) }
	return b
}

func (b *balances) readFact(f *provenFact, event eventstore.Recorded) {
	f.read(event)
	b.prover.read(&f.proof, &event)
}

func (b *balances) apply(ctx context.Context, f *provenFact) error {
	if err := b.prover.apply(ctx, &f.event, &f.proof); err != nil {
		return err
	}
	return b.book.apply(ctx, &f.fact)
}

// compareKnown folds up to the model's checkpoint, and compares all users of
// whom the log knows. Then it checks what needs no model.
func (b *balances) compareKnown(ctx context.Context) error {
	if err := b.seek(ctx, &b.model); err != nil {
		return err
	}
	if err := b.follower.through(ctx, []stop{b.stopAt(func() {})}); err != nil {
		return err
	}
	if err := b.compareRest(ctx); err != nil {
		return err
	}
	b.book.checkTotals(&b.found)
	b.prover.checkSuspense(b.book)
	credits := b.book.credits
	b.book.credits = nil // orders need the memory
	return checkCredits(ctx, b.options.Log, credits, b.follower.last.Position, &b.found)
}

// compareLate compares users whose keys were found and of whom the log does not
// know, or did not when the comparison began.
func (b *balances) compareLate(ctx context.Context) error {
	err := b.scanSet(ctx, b.model.name, func(keys []string) error {
		for _, key := range keys {
			if err := b.collect(ctx, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.compareWaiting(ctx); err != nil {
		return err
	}
	return b.compareRest(ctx)
}

// proveRest proves the events behind the position up to which the model was
// compared, to the end of the log: what has stopped the model stands there, and
// every event must be what its body says. Without readers nothing is read.
func (b *balances) proveRest(ctx context.Context) error {
	if b.prover == nil {
		return nil
	}
	after := b.follower.last.Position
	rest := newFollower(b.options.Log, func(f *provenFact, event eventstore.Recorded) {
		f.event = event
		b.prover.read(&f.proof, &event)
	}, func(ctx context.Context, f *provenFact) error { return b.prover.apply(ctx, &f.event, &f.proof) })
	rest.include, rest.last = b.prover.include(), b.follower.last
	rest.told = func(events uint64) { b.options.Told(Step{Doing: "proving the rest", Done: events, Total: events}) }
	if err := rest.to(ctx, math.MaxInt64); err != nil {
		return fmt.Errorf("behind position %s, up to which the models are: %w", after, err)
	}
	b.prover.finish()
	return nil
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

// collect notes the user of a key, or that the key belongs to nothing.
func (b *balances) collect(ctx context.Context, key string) error {
	switch kind, name := b.layout.cut(key); kind {
	case "balance", "entries":
		if a := b.book.accounts[name]; !b.isWrong && (a == nil || !a.compared) {
			b.waiting[name] = true
		}
	case "checkpoint", "sum", "keys", "whole":
		if b.options.foldVersion(name) == 0 {
			b.surplus(key)
		}
	default:
		b.surplus(key)
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

// compareRest compares the users of the fold who are not compared, and those
// who differed once more.
func (b *balances) compareRest(ctx context.Context) error {
	var rest []string
	for name, a := range b.book.accounts {
		if !a.compared {
			rest = append(rest, name)
		}
	}
	if err := b.compareAll(ctx, rest, b.doubt); err != nil {
		return err
	}
	return b.compareAgain(ctx)
}

// compareAgain looks at users that differed once more, and reports what
// differs still: their entries are read behind the transaction, and a model
// that was replaced meanwhile is no difference.
func (b *balances) compareAgain(ctx context.Context) error {
	slices.Sort(b.doubtful)
	again := slices.Compact(b.doubtful)
	b.found.count += b.more
	b.doubtful, b.more = nil, 0
	return b.compareAll(ctx, again, func(_ string, differences []Difference) {
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
		err := ahead(ctx, 1, func(ctx context.Context, later func(func() error) error) error {
			for batch := range slices.Chunk(round, batchKeys) {
				err := b.readUsers(ctx, batch, later, func(users []storedUser) {
					stops = append(stops, b.stopAt(func() { b.compareUsers(batch, users, each) }))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
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
	b.report.Models = slices.Insert(b.report.Models, 0, Compared{
		Name: balancesModel, Position: b.model.checkpoint.Position, Events: b.follower.events,
		Subjects: uint64(len(b.book.accounts)), Entries: b.book.entries,
	})
	b.report.Totals = b.book.list()
	b.report.Evidence = b.prover.result()
}
