package balances

import (
	"context"
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
	model *redismodel.Model

	applying sync.Mutex // held by Load, Apply and Mend; guards what follows
	cache    cache
	mending  mending
}

// NewRedis returns the model that a store has in a generation.
func NewRedis(store *redismodel.Store, target redismodel.Target) *Redis {
	return &Redis{model: redismodel.NewModel(store, target, Name, redismodel.KindBalance, redismodel.KindEntries)}
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
	postings, err := post(events)
	if err != nil {
		return err
	}
	r.applying.Lock()
	defer r.applying.Unlock()
	r.cache.begin(from, r.model.IsFresh())
	if err := r.fetch(ctx, from, postings); err != nil {
		return err
	}
	b, touched, err := r.batch(postings)
	if err != nil {
		return err
	}
	if err := r.model.Write(ctx, from, to, b); err != nil {
		return err
	}
	for _, user := range touched {
		user.markWritten()
	}
	r.cache.end(to)
	return nil
}

// fetch reads the users of a batch that are not cached, as they are at the
// checkpoint that the batch starts from.
func (r *Redis) fetch(ctx context.Context, from follow.Checkpoint, postings []posting) error {
	var unknown []string
	for _, p := range postings {
		for _, change := range p.changes {
			if user, isCached := r.cache.users[change.User]; !isCached || r.model.IsLost(user.name) {
				unknown = append(unknown, change.User)
				r.cache.users[change.User] = &redisAccount{name: ident.Escape(change.User)}
			}
		}
	}
	if len(unknown) == 0 || r.cache.isWhole {
		return nil
	}
	found := make([]accountQuery, len(unknown))
	err := r.model.ReadAt(ctx, from, func(p redis.Pipeliner, g redismodel.Generation) {
		for i, user := range unknown {
			found[i].queue(ctx, p, r.model, g, r.cache.users[user].name)
		}
	})
	if err != nil {
		return err
	}
	for i, user := range unknown {
		account := r.cache.users[user]
		if r.model.IsLost(account.name) {
			continue
		}
		if err := found[i].decode(account); err != nil {
			r.model.Suspect(account.name)
		}
	}
	return nil
}

// batch posts the postings, and returns what is to be written. A user who has
// lost something is left out until it is mended; what is left of the balance is
// deleted, so that it is not taken for what the user has. The user enters the set
// of keys all the same: a key of others may have been there before the first
// event, and without either a start would take the user for unknown.
func (r *Redis) batch(postings []posting) (b *redismodel.Batch, touched []*redisAccount, err error) {
	b = r.model.NewBatch()
	lost := make(map[string]bool)
	for i := range postings {
		for _, change := range postings[i].changes {
			user := r.cache.users[change.User]
			if r.model.IsLost(user.name) {
				lost[change.User] = true
				continue
			}
			if !user.isTouched {
				user.isTouched = true
				touched = append(touched, user)
			}
			if err := user.post(&postings[i], change); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, user := range touched {
		user.write(b)
	}
	for user := range lost {
		name := r.cache.users[user].name
		b.Clear(redismodel.KindBalance, name)
		b.Enter(redismodel.KindBalance, name)
		delete(r.cache.users, user)
	}
	return b, touched, nil
}
