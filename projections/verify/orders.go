package verify

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/redis/go-redis/v9"

	"daybook/eventstore"
)

// roundOrders is how many orders are read before the fold goes on; of most
// only a digest is kept.
const roundOrders = 1 << 16

// orders compares the model of orders.
type orders struct {
	*session
	model    modelOf
	book     *orderBook
	follower *follower[orderFact]
	waiting  []string // ids of orders whose keys were found
	doubtful []string
	more     int
	compared uint64
}

// compareOrders folds up to the model's checkpoint and compares all orders, in
// as many passes as the table of digests needs.
func (s *session) compareOrders(ctx context.Context) error {
	model := modelOf{name: "orders", fold: s.options.Orders}
	seed := maphash.MakeSeed() // one for all passes: it decides which orders are in a share
	var subjects uint64
	for part := (share{}); ; {
		o := &orders{session: s, model: model, book: newOrderBook(s.options.Log, seed, part, s.slots)}
		o.follower = newFollower(s.options.Log, o.book.decode, o.book.apply)
		o.follower.told = func(events uint64) { o.tellFolding("folding orders", events, &o.model) }
		err := o.pass(ctx)
		model = o.model
		subjects += uint64(o.book.hashes.used)
		s.report.Orders = Model{Position: model.checkpoint.Position, Events: o.follower.events, Subjects: subjects}
		rest, more := o.book.hashes.share.rest()
		if err != nil || !more {
			return err
		}
		part = rest
	}
}

func (o *orders) pass(ctx context.Context) error {
	if err := o.snapshot(ctx, &o.model, func(redis.Pipeliner) {}); err != nil {
		return err
	}
	if err := o.follower.through(ctx, []stop{o.stopAt(func(context.Context) error { return nil })}); err != nil {
		return err
	}
	o.book.live = true
	if err := o.scan(ctx, o.layout.orders(), func(keys []string) error { return o.collect(ctx, keys) }); err != nil {
		return err
	}
	if err := o.compareQuickly(ctx, o.waiting); err != nil {
		return err
	}
	if err := o.compareMissing(ctx); err != nil {
		return err
	}
	return o.compareAgain(ctx)
}

// stopAt is a stop at the checkpoint that the model has at the moment.
func (o *orders) stopAt(then func(context.Context) error) stop {
	c := o.model.checkpoint
	return stop{c.Position, func(ctx context.Context) error {
		if err := o.arrive(&o.model, c, o.follower.last); err != nil {
			return err
		}
		if err := o.book.settle(); err != nil {
			return err
		}
		return then(ctx)
	}}
}

func (o *orders) collect(ctx context.Context, keys []string) error {
	for _, key := range keys {
		_, id := o.layout.cut(key)
		if hash := hashOf(o.book.seed, id); o.book.hashes.share.covers(hash) {
			if value, known := o.book.hashes.get(hash); !known || value&seen == 0 {
				o.waiting = append(o.waiting, id)
			}
		}
	}
	if len(o.waiting) < roundOrders {
		return nil
	}
	slices.Sort(o.waiting)
	err := o.compareQuickly(ctx, slices.Compact(o.waiting))
	o.waiting = o.waiting[:0]
	return err
}

// compareAll compares orders: it reads some, each batch with the checkpoint
// that it is of, and then lets the fold go through these checkpoints. Ask reads
// orders, and keep turns what is stored into a comparison.
func (o *orders) compareAll(ctx context.Context, ids []string, ask askOrders, keep func(id string, stored *redis.StringCmd) func(context.Context) error) error {
	for round := range slices.Chunk(ids, roundOrders) {
		var stops []stop
		for batch := range slices.Chunk(round, batchKeys) {
			var answers func() []*redis.StringCmd
			err := o.snapshot(ctx, &o.model, func(pipe redis.Pipeliner) { answers = ask(ctx, pipe, batch) })
			if err != nil {
				return err
			}
			comparisons := make([]func(context.Context) error, len(batch))
			for i, stored := range answers() {
				comparisons[i] = keep(batch[i], stored)
			}
			stops = append(stops, o.stopAt(func(ctx context.Context) error { return o.run(ctx, comparisons) }))
		}
		if err := o.follower.through(ctx, stops); err != nil {
			return err
		}
	}
	return nil
}

func (o *orders) run(ctx context.Context, comparisons []func(context.Context) error) error {
	for _, compare := range comparisons {
		if err := compare(ctx); err != nil {
			return err
		}
	}
	o.compared += uint64(len(comparisons))
	o.options.Told(Step{Doing: "comparing orders", Done: o.compared, Total: max(o.compared, uint64(o.book.hashes.used))})
	return nil
}

// compareQuickly compares digests. What is not equal is doubtful.
func (o *orders) compareQuickly(ctx context.Context, ids []string) error {
	return o.compareAll(ctx, ids, o.askTogether, func(id string, stored *redis.StringCmd) func(context.Context) error {
		text, err := stored.Bytes()
		digest, hash := o.book.digest(text), hashOf(o.book.seed, id)
		return func(context.Context) error {
			if !o.book.hashes.share.covers(hash) {
				return nil // the table became full meanwhile: the next pass has it
			}
			value, known := o.book.hashes.get(hash)
			if known {
				o.book.hashes.put(hash, value|seen)
			}
			switch {
			case known && err == nil && digest == value&^seen:
			case len(o.doubtful) < maxDoubtful:
				o.doubtful = append(o.doubtful, id)
			default:
				o.more++
			}
			return nil
		}
	})
}

// compareMissing compares the orders that no key was of: those that began
// while keys were scanned, and then, if there are more, those that are missing.
func (o *orders) compareMissing(ctx context.Context) error {
	if err := o.compareQuickly(ctx, o.book.fresh); err != nil {
		return err
	}
	if o.book.hashes.unseen() == 0 {
		return nil
	}
	var missing []string
	again := newFollower(o.options.Log, func(f *orderFact, event eventstore.Recorded) {
		f.mine, f.id = event.Stream.Category() == "order" && event.Revision == 0, event.Stream.ID()
	}, func(_ context.Context, f *orderFact) error {
		if f.mine {
			if value, known := o.book.hashes.get(hashOf(o.book.seed, f.id)); known && value&seen == 0 && len(missing) < maxDoubtful {
				missing = append(missing, f.id)
			}
		}
		return nil
	})
	if err := again.to(ctx, o.follower.last.Position); err != nil {
		return err
	}
	return o.compareQuickly(ctx, missing)
}

// compareAgain looks closely at the orders that seemed to differ, each folded
// from its own stream, and reports those that do.
func (o *orders) compareAgain(ctx context.Context) error {
	slices.Sort(o.doubtful)
	o.found.count += o.more
	return o.compareAll(ctx, slices.Compact(o.doubtful), o.askEach, func(id string, stored *redis.StringCmd) func(context.Context) error {
		position := o.model.checkpoint.Position
		return func(ctx context.Context) error { return o.compareClosely(ctx, id, stored, position) }
	})
}
