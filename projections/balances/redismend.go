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

	// mendUsers is how many users are mended by reading the log once.
	mendUsers = 10_000

	// mendBytes bounds the entries that are kept before they are written.
	mendBytes = 64 << 20

	// mendBatch is how many values one script writes, about.
	mendBatch = 1000
)

// mending folds the log again for users who have lost something. Meanwhile
// batches leave them out. While the log is read their balances may be there or
// not; from the first entry that is written until the last, they are not, so that
// a part is not taken for the whole.
type mending struct {
	users    map[string]*mended // by the name in events; nil if there is nothing to do
	position eventstore.Position
	last     eventstore.EventID // at that position
	bytes    int                // of entries that are not written
}

// mended is a user who is mended.
type mended struct {
	redisAccount
	isCleared bool // what was left in Redis is deleted
}

// Mend implements follow.Mender.
func (r *Redis) Mend(ctx context.Context, log eventstore.Reader, stored follow.Checkpoint, isLive bool) (follow.Mending, error) {
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
	if err == nil && (isRead || r.mending.bytes >= mendBytes) {
		err = r.writeMended(ctx, stored, isRead)
	}
	return state, err
}

// beginMending takes up users that were noted, but those that are in order.
func (r *Redis) beginMending(ctx context.Context, stored follow.Checkpoint) error {
	users := make(map[string]*mended)
	for names := range slices.Chunk(r.model.Lost(mendUsers), mendBatch/2) {
		found := make([]accountQuery, len(names))
		err := r.model.ReadAt(ctx, stored, func(p redis.Pipeliner, g redismodel.Generation) {
			for i, name := range names {
				found[i].queue(ctx, p, r.model, g, name)
			}
		})
		if err != nil {
			return err
		}
		for i, name := range names {
			user, err := ident.Unescape(name)
			if fault := found[i].decode(new(redisAccount)); fault == nil && !r.model.IsCertain(name) || err != nil {
				r.model.Unmark(name)
				continue
			}
			users[user] = &mended{redisAccount: redisAccount{name: name}}
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

// remake posts events to the users of the mending.
func (r *Redis) remake(events []eventstore.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	m := &r.mending
	postings, err := post(events)
	if err != nil {
		return err
	}
	for i := range postings {
		for _, change := range postings[i].changes {
			user := m.users[change.User]
			if user == nil {
				continue
			}
			before := len(user.added)
			if err := user.post(&postings[i], change); err != nil {
				return err
			}
			for _, text := range user.added[before:] {
				m.bytes += len(text)
			}
		}
	}
	last := &events[len(events)-1]
	m.position, m.last = last.Position, last.ID
	return nil
}

// writeMended writes the entries so far or, when the log was read up to the
// stored checkpoint, everything. What fails begins anew, and so do users whose
// keys others have written to meanwhile.
func (r *Redis) writeMended(ctx context.Context, stored follow.Checkpoint, isWhole bool) (err error) {
	users := slices.Collect(maps.Values(r.mending.users))
	if isWhole {
		for _, user := range users {
			r.model.Unmark(user.name)
		}
	}
	b, values := r.model.NewBatch(), 0
	write := func(most int) {
		if err == nil && values > most {
			err = r.model.Write(ctx, stored, stored, b)
			b, values = r.model.NewBatch(), 0
		}
	}
	for _, user := range users {
		for texts := range slices.Chunk(user.added, mendBatch) {
			user.clear(b)
			user.writeEntries(b, texts)
			user.length += len(texts)
			values += len(texts)
			write(mendBatch)
		}
		user.added = nil
		if isWhole {
			user.clear(b)
			if len(user.currencies) > 0 {
				user.writeBalance(b)
			}
			values += 2 + 2*len(user.currencies)
			write(mendBatch)
		}
	}
	write(0)
	if err != nil {
		for _, user := range users {
			r.model.Suspect(user.name)
		}
	}
	if r.mending.bytes = 0; err != nil || isWhole {
		r.mending = mending{}
	}
	r.cache.isValid = false // of what was lost it has nothing
	return err
}

// clear deletes what is left of a user, once.
func (u *mended) clear(b *redismodel.Batch) {
	if !u.isCleared {
		b.Clear(redismodel.KindBalance, u.name)
		b.Clear(redismodel.KindEntries, u.name)
		u.isCleared = true
	}
}
