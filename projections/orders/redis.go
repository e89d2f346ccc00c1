package orders

import (
	"context"
	"fmt"
	"sync"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"

	"github.com/go-json-experiment/json"
	"github.com/redis/go-redis/v9"
)

// Redis is the read model in Redis. It implements follow.Projector, and
// its methods may be called from any number of goroutines.
type Redis struct {
	model *redismodel.Model

	applying sync.Mutex // held by Load, Apply and Mend; guards what follows

	// The orders of the last batch, because the rest of an order's events often is
	// in the next one. They are of the checkpoint at: a generation is the fold of
	// the log up to its checkpoint, by whichever process it was written.
	at   follow.Checkpoint
	last map[order.ID]*Order
}

// NewRedis returns the model that a store has in a generation.
func NewRedis(store *redismodel.Store, target redismodel.Target) *Redis {
	return &Redis{model: redismodel.NewModel(store, target, Name, redismodel.KindOrder)}
}

// Name implements follow.Projector.
func (r *Redis) Name() string { return Name }

// FoldVersion implements follow.Projector.
func (r *Redis) FoldVersion() int { return FoldVersion }

// Load implements follow.Projector.
func (r *Redis) Load(ctx context.Context) (follow.Checkpoint, error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	return r.model.Load(ctx)
}

// Discard implements follow.Mender.
func (r *Redis) Discard(ctx context.Context) error { return r.model.Discard(ctx) }

// Apply implements follow.Projector.
func (r *Redis) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	r.applying.Lock()
	defer r.applying.Unlock()
	before := r.last
	if r.at != from {
		before = nil
	}
	r.last = nil // until the batch is written
	touched, err := r.fetch(ctx, from, events, before)
	if err != nil {
		return err
	}
	if err := touched.fold(events); err != nil {
		return err
	}
	b := r.model.NewBatch()
	if err := touched.write(b); err != nil {
		return err
	}
	if err := r.model.Write(ctx, from, to, b); err != nil {
		return err
	}
	r.at, r.last = to, make(map[order.ID]*Order, len(touched))
	for _, o := range touched {
		if !o.isLost {
			r.last[o.ID] = &o.Order
		}
	}
	return nil
}

// touched has the orders of a batch.
type touched map[order.ID]*storedOrder

// storedOrder is an order that Redis keeps.
type storedOrder struct {
	Order
	isNew  bool // it begins in the batch
	isLost bool // what Redis has is not what was written; it is mended later
}

// fetch returns the orders of a batch as they are at the checkpoint that it
// starts from. A batch that has the first event of an order reads nothing for it.
func (r *Redis) fetch(ctx context.Context, from follow.Checkpoint, events []eventstore.Recorded, before map[order.ID]*Order) (touched, error) {
	all := make(touched)
	unknown := make(map[order.ID]eventstore.Revision) // that the stored order must be followed by
	for _, e := range events {
		id := order.ID(e.Stream.ID())
		if e.Stream.Category() != order.Category || all[id] != nil {
			continue
		}
		o := &storedOrder{Order: Order{ID: id}, isNew: e.Revision == 0, isLost: r.model.IsLost(string(id))}
		all[id] = o
		switch last := before[id]; {
		case last != nil:
			o.Order = *last
		case e.Revision > 0 && !o.isLost:
			unknown[id] = e.Revision
		}
	}
	if len(unknown) == 0 {
		return all, nil
	}
	stored := make(map[order.ID]*redis.StringCmd, len(unknown))
	err := r.model.ReadAt(ctx, from, func(p redis.Pipeliner, g redismodel.Generation) {
		for id := range unknown {
			stored[id] = p.Get(ctx, r.model.Key(g, redismodel.KindOrder, string(id)))
		}
	})
	if err != nil {
		return nil, err
	}
	for id, next := range unknown {
		if o := all[id]; decode(stored[id], &o.Order) != nil || o.Revision+1 != next {
			r.model.Suspect(string(id))
			o.isLost = true
		}
	}
	return all, nil
}

// fold puts the events of a batch on their orders. Events of lost orders are
// decoded all the same: one that is not understood ends the batch.
func (t touched) fold(events []eventstore.Recorded) error {
	for _, e := range events {
		if e.Stream.Category() != order.Category {
			continue
		}
		o := t[order.ID(e.Stream.ID())]
		folded, err := Fold(o.Order, e)
		if err != nil {
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		if !o.isLost {
			o.Order = folded
		}
	}
	return nil
}

// write adds the orders to a batch. One that is lost is deleted, so that what is
// left is not taken for the order, and enters the set of keys: a key of others
// may have been there before its first event.
func (t touched) write(b *redismodel.Batch) error {
	for id, o := range t {
		if o.isLost {
			b.Clear(redismodel.KindOrder, string(id))
			b.Enter(redismodel.KindOrder, string(id))
			continue
		}
		if err := write(b, &o.Order, o.isNew); err != nil {
			return err
		}
	}
	return nil
}

// write adds an order to a batch. It is new if Redis may not have it yet.
func write(b *redismodel.Batch, o *Order, isNew bool) error {
	text, err := Encode(*o)
	if err != nil {
		return err
	}
	b.Text(redismodel.KindOrder, string(o.ID), string(text))
	if isNew {
		b.Enter(redismodel.KindOrder, string(o.ID))
	}
	return nil
}

// Encode returns an order as it is stored: without its position, which is that of
// the model.
func Encode(o Order) ([]byte, error) {
	o.Position = 0
	text, err := json.Marshal(o.filled())
	if err != nil {
		return nil, fmt.Errorf("encode order %s: %w", o.ID, err)
	}
	return text, nil
}

// decode reads an order as Redis has answered.
func decode(stored *redis.StringCmd, o *Order) error {
	if stored.Err() != nil {
		return stored.Err()
	}
	if err := json.Unmarshal([]byte(stored.Val()), o); err != nil {
		return fmt.Errorf("%w: an order is no JSON", redismodel.ErrUnusable)
	}
	return nil
}
