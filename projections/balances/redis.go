package balances

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"daybook/domain/ident"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// Redis is the read model in Redis. It implements follow.Projector, and
// its methods may be called from any number of goroutines.
type Redis struct {
	*redismodel.Filler // for a model that is filled
	model              *redismodel.Model

	applying sync.Mutex // held by Load and Apply; guards what follows, but in a filling, where that does
	deltas   []delta    // scratch of Apply
	texts    chains     // of their entries
	isFresh  bool       // nothing was stored when it was loaded
	touched  []*purse
	hottest  int // the most entries that one of them has
	purses   purses
	words    dictionary // of the entries of a filling
	broken   []string   // users of the batch, as in keys, whose balance it deletes
	mending  mending
}

// NewRedis returns the model that a store has in a generation.
func NewRedis(store *redismodel.Store, target redismodel.Target) *Redis {
	r := &Redis{model: redismodel.NewModel(store, target, Name, redismodel.KindBalance, redismodel.KindEntries), isFresh: true}
	r.Filler = redismodel.NewFiller(r.model, &filling{Redis: r})
	return r
}

// Name implements follow.Projector.
func (r *Redis) Name() string { return Name }

// FoldVersion implements follow.Projector.
func (r *Redis) FoldVersion() int { return FoldVersion }

// Load implements follow.Projector.
func (r *Redis) Load(ctx context.Context) (follow.Checkpoint, error) {
	if r.model.IsFilling() {
		return r.Filler.Load(ctx)
	}
	r.applying.Lock()
	defer r.applying.Unlock()
	stored, err := r.model.Load(ctx)
	r.begin()
	return stored, err
}

// Discard implements follow.Mender.
func (r *Redis) Discard(ctx context.Context) error { return r.model.Discard(ctx) }

// begin makes the next batch one behind what was loaded.
func (r *Redis) begin() {
	r.forget()
	r.isFresh = r.model.IsFresh()
}

// Apply implements follow.Projector.
func (r *Redis) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	if r.model.IsFilling() {
		return r.Filler.Apply(ctx, from, to, events)
	}
	r.applying.Lock()
	defer r.applying.Unlock()
	if err := r.fold(ctx, from, events); err != nil {
		return err
	}
	if err := r.model.Write(ctx, from, to, r.batch()); err != nil {
		return err
	}
	r.purses.written(to)
	return nil
}

// fold puts the events of a batch, which starts from a checkpoint, on the
// purses of their users.
func (r *Redis) fold(ctx context.Context, from follow.Checkpoint, events []eventstore.Recorded) (err error) {
	defer func() { clear(r.deltas) }() // they point to the caller's events
	if r.deltas, err = foldAll(r.deltas[:0], events); err != nil {
		return err
	}
	r.purses.begin(from, r.isFresh)
	if err := r.fetch(ctx, from); err != nil {
		return err
	}
	for i := range r.deltas {
		r.put(&r.deltas[i])
	}
	return nil
}

// fetch finds what is stored of the users of a batch, as it is at the checkpoint
// that the batch starts from. In a filling it may have been written beyond that
// by one that was broken off, and says so.
func (r *Redis) fetch(ctx context.Context, from follow.Checkpoint) error {
	r.skipLost()
	var unknown []string
	asked := make(map[string]bool)
	for i := range r.deltas {
		d := &r.deltas[i]
		if d.isLost {
			continue
		}
		if i > 0 && r.deltas[i-1].purse != nil && bytes.Equal(d.user, r.deltas[i-1].user) {
			d.purse = r.deltas[i-1].purse // of the other event of a payment
			continue
		}
		if d.purse = r.purses.find(d.user); d.purse == nil && !asked[string(d.user)] {
			unknown = append(unknown, string(d.user))
			asked[string(d.user)] = true
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	stored := make([]storedUser, len(unknown))
	read := func(p redis.Pipeliner, g redismodel.Generation) {
		for i, user := range unknown {
			stored[i].ask(ctx, p, r.model, g, ident.Escape(user))
		}
	}
	var err error
	if r.model.IsFilling() {
		err = r.model.ReadFilled(ctx, read)
	} else {
		err = r.model.ReadAt(ctx, from, read)
	}
	if err != nil {
		return err
	}
	for i, user := range unknown {
		known, err := stored[i].purse()
		switch {
		case err == nil:
			r.purses.add(user, known)
		case r.model.IsFilling():
			return fmt.Errorf("%w: %w", redismodel.ErrUnusable, err)
		default:
			r.model.Note(ident.Escape(user))
		}
	}
	if !r.model.IsFilling() {
		r.skipLost()
	}
	return nil
}

// skipLost leaves out of the batch the users of whom something is lost. Whatever
// is left of a balance is deleted, so that nobody takes it for what the user
// has.
func (r *Redis) skipLost() {
	if !r.model.HasLost() {
		return
	}
	for i := range r.deltas {
		d := &r.deltas[i]
		name := ident.Escape(string(d.user))
		if d.isLost || !r.model.IsLost(name) {
			continue
		}
		d.isLost, d.purse = true, nil
		r.purses.forget(d.user)
		if !slices.Contains(r.broken, name) {
			r.broken = append(r.broken, name)
		}
	}
}

// put puts a delta on the purse of its user.
func (r *Redis) put(d *delta) {
	if d.isLost {
		return
	}
	p := d.purse
	if p == nil {
		p = r.purses.find(d.user)
	}
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
	if r.model.IsFilling() {
		r.texts.add(p, func(b []byte) []byte { return pack(b, d, f, &r.words) })
	} else {
		r.texts.add(p, func(b []byte) []byte { return appendEntry(b, d, f) })
	}
	r.hottest = max(r.hottest, p.entries)
}

// batch returns what was put. A user who is left out is put into the set of keys
// all the same: somebody else's key may have been there before the first event,
// and without either a start would take the user for unknown.
func (r *Redis) batch() *redismodel.Batch {
	b := r.model.NewBatch()
	for _, p := range r.touched {
		p.write(b, r.texts)
	}
	for _, name := range r.broken {
		b.Delete(redismodel.KindBalance, name)
		b.New()
	}
	r.forget()
	return b
}

// forget empties the batch in the making.
func (r *Redis) forget() {
	clear(r.touched)
	r.touched, r.texts, r.hottest, r.broken = r.touched[:0], r.texts[:0], 0, r.broken[:0]
}
