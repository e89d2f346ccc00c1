package balances

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"daybook/domain/ident"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

const (
	// mendEvents is how many events of the log are read between two batches.
	mendEvents = 20 * follow.MaxBatch

	// mendUsers is how many users are made again by reading the log once.
	mendUsers = 10_000

	// mendBytes is how much of their entries is kept before it is written.
	mendBytes = 64 << 20

	// mendBatch is how many values one script writes.
	mendBatch = 1000
)

// mending makes users again of whom something was lost, by folding the log for
// them alone. Meanwhile batches leave them out. While the log is read their
// balances may be there or not; from the first entry that is written until the
// last, they are not, so that nobody reads a part.
type mending struct {
	users    map[string]*remade // by the name in events; nil if there is nothing to do
	position eventstore.Position
	last     eventstore.EventID // at that position
	texts    chains             // of entries that are not written
}

// remade is a user who is made again.
type remade struct {
	*purse
	written int // entries that Redis has; in the purse are those behind them
}

// Mend implements follow.Mender.
func (r *Redis) Mend(ctx context.Context, log eventstore.Reader, stored follow.Checkpoint, isLive bool) (follow.Mending, error) {
	if r.model.IsFilling() {
		return follow.Mending{}, nil
	}
	r.applying.Lock()
	defer r.applying.Unlock()
	state, err := r.model.Inspect(ctx, isLive)
	if !r.model.HasLost() {
		r.mending = mending{} // of a model that was emptied meanwhile
	}
	if err != nil || !r.model.HasLost() {
		return state, err
	}
	if r.mending.users == nil {
		if err := r.beginMending(ctx, stored); err != nil {
			return state, err
		}
	}
	isRead, err := r.readOn(ctx, log, stored)
	if err == nil && (isRead || len(r.mending.texts) >= mendBytes) {
		err = r.writeMended(ctx, stored, isRead)
	}
	return state, err
}

// beginMending takes up users that were noted, but those that are in order.
func (r *Redis) beginMending(ctx context.Context, stored follow.Checkpoint) error {
	users := make(map[string]*remade)
	for names := range slices.Chunk(r.model.Lost(mendUsers), mendBatch/2) {
		found := make([]storedUser, len(names))
		err := r.model.ReadAt(ctx, stored, func(p redis.Pipeliner, g redismodel.Generation) {
			for i, name := range names {
				found[i].ask(ctx, p, r.model, g, name)
			}
		})
		if err != nil {
			return err
		}
		for i, name := range names {
			user, err := ident.Unescape(name)
			if _, fault := found[i].purse(); fault == nil && !r.model.IsSure(name) || err != nil {
				r.model.Found(name)
				continue
			}
			users[user] = &remade{purse: &purse{name: name}}
		}
	}
	r.mending = mending{users: users}
	return nil
}

// readOn folds a part of the log, up to the last event of a checkpoint, and
// reports whether that is reached. The event itself says so: a copy of the log
// that lags behind may end before it, and in a log that was restored from a copy,
// events that are not applied can stand before the position of the checkpoint.
func (r *Redis) readOn(ctx context.Context, log eventstore.Reader, until follow.Checkpoint) (isRead bool, err error) {
	if r.mending.last == until.EventID {
		return true, nil
	}
	batch := make([]eventstore.Recorded, 0, follow.MaxBatch)
	read := 0
	for event, err := range log.ReadAll(ctx, r.mending.position) {
		if err != nil {
			return false, err
		}
		if event.Position > until.Position {
			break
		}
		batch = append(batch, event)
		isRead = event.ID == until.EventID
		if read++; len(batch) == cap(batch) || isRead {
			if err := r.remake(batch); err != nil {
				return false, err
			}
			batch = batch[:0]
		}
		if isRead || read == mendEvents {
			return isRead, nil
		}
	}
	r.mending = mending{} // what it has may be of another checkpoint
	return false, fmt.Errorf("%w: a read of the log up to position %s ends without event %s, which the read model has applied",
		eventstore.ErrUnavailable, until.Position, until.EventID)
}

// remake puts events on the users of the mending.
func (r *Redis) remake(events []eventstore.Recorded) (err error) {
	if len(events) == 0 {
		return nil
	}
	m := &r.mending
	defer func() { clear(r.deltas) }()
	if r.deltas, err = foldAll(r.deltas[:0], events); err != nil {
		return err
	}
	for i := range r.deltas {
		d := &r.deltas[i]
		user := m.users[string(d.user)]
		if user == nil {
			continue
		}
		f := user.put(d)
		if d.effect.available != 0 {
			m.texts.add(user.purse, func(b []byte) []byte { return appendEntry(b, d, f) })
		}
	}
	last := &events[len(events)-1]
	m.position, m.last = last.Position, last.ID
	return nil
}

// writeMended writes what was made again: the entries so far or, when the log
// was read up to the stored checkpoint, everything. What fails is begun anew,
// and so are users in whose keys somebody else has written meanwhile.
func (r *Redis) writeMended(ctx context.Context, stored follow.Checkpoint, isWhole bool) (err error) {
	users := slices.Collect(maps.Values(r.mending.users))
	if isWhole {
		for _, user := range users {
			r.model.Found(user.name)
		}
	}
	for rest := users; len(rest) > 0 && err == nil; {
		b := r.model.NewBatch()
		for room := mendBatch; room > 0 && len(rest) > 0; {
			n, isDone := rest[0].write(b, r.mending.texts, room, isWhole)
			if room -= n; isDone {
				rest = rest[1:]
			}
		}
		err = r.model.Write(ctx, stored, stored, b)
	}
	if err != nil {
		for _, user := range users {
			r.model.Note(user.name)
		}
	}
	if r.mending.texts = r.mending.texts[:0]; err != nil || isWhole {
		r.mending = mending{}
	}
	return err
}

// write adds at most about so many values to a batch, and reports how many and
// whether that is all.
func (u *remade) write(b *redismodel.Batch, texts chains, room int, isWhole bool) (n int, isDone bool) {
	if u.written == 0 {
		b.Delete(redismodel.KindBalance, u.name)
		b.Delete(redismodel.KindEntries, u.name)
		n += 2
	}
	if u.first != 0 {
		u.beginList(b, u.written)
	}
	for ; u.first != 0 && n < room; n++ {
		var text []byte
		text, u.first = texts.entry(u.first)
		b.Append(func(b []byte) []byte { return append(b, text...) })
		u.written++
	}
	if u.first != 0 || !isWhole {
		u.entries = 0
		return n, u.first == 0
	}
	if len(u.funds) > 0 {
		u.writeHash(b)
	}
	return n + 1 + 2*len(u.funds), true
}
