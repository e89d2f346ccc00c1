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
	others   func(ctx context.Context, key string) error // is given the keys that are of no order; nil in later passes
	waiting  []string                                    // ids of orders whose keys were found
	doubtful []string
	more     int
	compared uint64
}

// compareOrders folds up to the model's checkpoint and compares all orders, in
// as many passes as the table of digests needs. Others is given the keys that
// are of no order.
func (s *session) compareOrders(ctx context.Context, others func(ctx context.Context, key string) error) error {
	model := modelOf{name: "orders", fold: s.options.Orders}
	seed := maphash.MakeSeed() // one for all passes: it decides which orders are in a share
	var subjects uint64
	for part := (share{}); ; {
		o := &orders{session: s, model: model, book: newOrderBook(s.options.Log, seed, part, s.slots), others: others}
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
		part, others = rest, nil
	}
}

func (o *orders) pass(ctx context.Context) error {
	if err := o.seek(ctx, &o.model); err != nil {
		return err
	}
	if err := o.follower.through(ctx, []stop{o.stopAt(func(context.Context) error { return nil })}); err != nil {
		return err
	}
	o.book.live = true
	if err := o.scanAll(ctx); err != nil {
		return err
	}
	if err := o.compareWaiting(ctx); err != nil {
		return err
	}
	if o.others != nil {
		if err := o.scanSet(ctx, o.model.name, func(keys []string) error { return o.collect(ctx, keys) }); err != nil {
			return err
		}
	}
	if err := o.compareWaiting(ctx); err != nil {
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

// scanAll collects all orders that have keys.
func (o *orders) scanAll(ctx context.Context) error {
	pattern := o.layout.all()
	if o.others == nil {
		pattern = o.layout.orders()
	}
	return o.scan(ctx, pattern, func(keys []string) error {
		if o.others != nil {
			if err := o.passOthers(ctx, keys, o.others); err != nil {
				return err
			}
		}
		return o.collect(ctx, keys)
	})
}

// passOthers passes on the keys that are of no order.
func (s *session) passOthers(ctx context.Context, keys []string, to func(ctx context.Context, key string) error) error {
	for _, key := range keys {
		if kind, _ := s.layout.cut(key); kind == "order" {
			continue
		}
		if err := to(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (o *orders) collect(ctx context.Context, keys []string) error {
	for _, key := range keys {
		kind, id := o.layout.cut(key)
		if kind != "order" {
			continue
		}
		if hash := hashOf(o.book.seed, id); o.book.hashes.share.covers(hash) {
			if value, known := o.book.hashes.get(hash); !known || value&seen == 0 {
				o.waiting = append(o.waiting, id)
			}
		}
	}
	if len(o.waiting) < roundOrders {
		return nil
	}
	return o.compareWaiting(ctx)
}

func (o *orders) compareWaiting(ctx context.Context) error {
	err := o.compareQuickly(ctx, o.waiting)
	o.waiting = o.waiting[:0]
	return err
}

// comparison compares the orders of a batch with the fold where it stands.
type comparison func(context.Context) error

// compareAll compares orders: it reads some, each batch with the checkpoint
// that it is of, and then lets the fold go through these checkpoints. Ask reads
// orders, and keep turns what is stored into a comparison.
func (o *orders) compareAll(ctx context.Context, ids []string, ask askOrders, keep func(ids []string, stored []storedOrder) comparison) error {
	for round := range slices.Chunk(ids, roundOrders) {
		var stops []stop
		err := ahead(ctx, 1, func(ctx context.Context, later func(func() error) error) error {
			for batch := range slices.Chunk(round, batchKeys) {
				var answers func() []storedOrder
				at, err := o.read(ctx, o.model.name, func(pipe redis.Pipeliner) { answers = ask(ctx, pipe, batch) })
				if err != nil {
					return err
				}
				err = later(func() error {
					if err := o.advance(&o.model, at); err != nil {
						return err
					}
					compare := keep(batch, answers())
					stops = append(stops, o.stopAt(func(ctx context.Context) error { return o.run(ctx, len(batch), compare) }))
					return nil
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
		if err := o.follower.through(ctx, stops); err != nil {
			return err
		}
	}
	return nil
}

func (o *orders) run(ctx context.Context, n int, compare comparison) error {
	if err := compare(ctx); err != nil {
		return err
	}
	o.compared += uint64(n)
	o.options.Told(Step{Doing: "comparing orders", Done: o.compared, Total: max(o.compared, uint64(o.book.hashes.used))})
	return nil
}

// digested is what is kept of a stored order until the fold is there.
type digested struct {
	id           string
	hash, digest uint64
	unreadable   bool
}

// compareQuickly compares digests. What is not equal is doubtful.
func (o *orders) compareQuickly(ctx context.Context, ids []string) error {
	return o.compareAll(ctx, ids, o.askTogether, func(ids []string, stored []storedOrder) comparison {
		batch := make([]digested, len(ids))
		for i, id := range ids {
			batch[i] = digested{id, hashOf(o.book.seed, id), o.book.digest(stored[i].text), stored[i].err != nil || !stored[i].isMember}
		}
		return func(context.Context) error {
			for i := range batch {
				o.compareDigest(&batch[i])
			}
			return nil
		}
	})
}

func (o *orders) compareDigest(d *digested) {
	if !o.book.hashes.share.covers(d.hash) {
		return // the table became full meanwhile: the next pass has it
	}
	value, known := o.book.hashes.get(d.hash)
	if known {
		o.book.hashes.put(d.hash, value|seen)
	}
	switch {
	case known && !d.unreadable && d.digest == value&^seen:
	case len(o.doubtful) < maxDoubtful:
		o.doubtful = append(o.doubtful, d.id)
	default:
		o.more++
	}
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
	return o.compareAll(ctx, slices.Compact(o.doubtful), o.askEach, func(ids []string, stored []storedOrder) comparison {
		position := o.model.checkpoint.Position
		return func(ctx context.Context) error {
			for i, id := range ids {
				if err := o.compareClosely(ctx, id, stored[i], position); err != nil {
					return err
				}
			}
			return nil
		}
	})
}
