package balances

import (
	"context"
	"fmt"
	"sync"

	"daybook/domain/ident"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// Redis is the read model in Redis. It implements projections.Projector, and
// its methods may be called from any number of goroutines.
type Redis struct {
	model *redismodel.Model

	applying sync.Mutex // held by Load and Apply; guards what follows
	deltas   []delta    // scratch of Apply
	buffer   []byte     // of entries
	touched  []*purse
	purses   purses
	filling  filling
}

// NewRedis returns the model that a store has in a generation.
func NewRedis(store *redismodel.Store, target redismodel.Target) *Redis {
	return &Redis{model: redismodel.NewModel(store, target, Name, redismodel.KindBalance, redismodel.KindEntries)}
}

// Name implements projections.Projector.
func (r *Redis) Name() string { return Name }

// FoldVersion implements projections.Projector.
func (r *Redis) FoldVersion() int { return FoldVersion }

// Load implements projections.Projector.
func (r *Redis) Load(ctx context.Context) (projections.Checkpoint, error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	r.forget()
	stored, err := r.model.Load(ctx)
	r.filling = filling{stored: stored, folded: stored}
	return stored, err
}

// Apply implements projections.Projector.
func (r *Redis) Apply(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) error {
	r.applying.Lock()
	defer r.applying.Unlock()
	deltas, err := foldAll(r.deltas[:0], events)
	r.deltas = deltas
	defer clear(r.deltas) // they point to the caller's events
	if err != nil {
		return err
	}
	if r.model.IsFilling() {
		return r.fill(ctx, from, to)
	}
	if err := r.fold(ctx, from, from); err != nil {
		return err
	}
	if err := r.model.Write(ctx, from, to, r.batch()); err != nil {
		return err
	}
	r.purses.written(to)
	return nil
}

// fold puts the deltas of a batch, which starts from a checkpoint, on the
// purses of its users. Stored is the checkpoint of what is in Redis.
func (r *Redis) fold(ctx context.Context, from, stored projections.Checkpoint) error {
	r.purses.begin(from, r.model.IsFresh())
	if err := r.fetch(ctx, stored); err != nil {
		return err
	}
	for i := range r.deltas {
		r.put(&r.deltas[i])
	}
	return nil
}

// fetch reads what is not known of the users of a batch, as it is at a stored
// checkpoint.
func (r *Redis) fetch(ctx context.Context, from projections.Checkpoint) error {
	var unknown []string
	asked := make(map[string]bool)
	for i := range r.deltas {
		user := r.deltas[i].user
		if r.purses.find(user) == nil && !asked[string(user)] {
			unknown = append(unknown, string(user))
			asked[string(user)] = true
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	stored := make([]*redis.MapStringStringCmd, len(unknown))
	err := r.model.ReadAt(ctx, from, func(p redis.Pipeliner, g redismodel.Generation) {
		for i, user := range unknown {
			stored[i] = p.HGetAll(ctx, r.model.Key(g, redismodel.KindBalance, ident.Escape(user)))
		}
	})
	if err != nil {
		return err
	}
	for i, user := range unknown {
		known := new(purse)
		if err := known.read(stored[i].Val()); err != nil {
			return fmt.Errorf("read a balance: %w", err)
		}
		r.purses.add(user, known)
	}
	return nil
}

// put puts a delta on the purse of its user.
func (r *Redis) put(d *delta) {
	p := r.purses.find(d.user)
	if d.event.Position <= p.stored {
		return // a filling that was broken off has put it
	}
	if !p.touched {
		p.touched = true
		r.touched = append(r.touched, p)
	}
	f := p.put(d)
	if d.effect.available == 0 {
		return
	}
	from := len(r.buffer)
	r.buffer = appendEntry(r.buffer, d, f)
	p.entries = append(p.entries, span{from, len(r.buffer)})
}

// batch returns what was put.
func (r *Redis) batch() *redismodel.Batch {
	b := r.model.NewBatch()
	for _, p := range r.touched {
		p.write(b, r.buffer)
	}
	r.forget()
	return b
}

// forget empties the batch in the making.
func (r *Redis) forget() {
	clear(r.touched)
	r.touched, r.buffer = r.touched[:0], r.buffer[:0]
}
