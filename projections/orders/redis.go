package orders

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/internal/fact"
	"daybook/projections/redismodel"

	"github.com/go-json-experiment/json"
	"github.com/redis/go-redis/v9"
)

// Redis is the read model in Redis. It implements follow.Projector, and
// its methods may be called from any number of goroutines.
type Redis struct {
	*redismodel.Filler // for a model that is filled
	model              *redismodel.Model

	applying sync.Mutex        // held by Load and Apply; guards what follows, but in a filling, where that does
	touched  []order.ID        // scratch of Apply
	fresh    map[order.ID]bool // of those, the ones that begin in the batch
	lost     map[order.ID]bool // of those, the ones that cannot be gone on with
	targets  []*Order          // of the events of a batch; nil for those of others

	// What the last batch has written, because the rest of an order's events
	// often is in the next one. They are of the checkpoint at; see
	// redismodel for why that makes them true.
	at    follow.Checkpoint
	known map[order.ID]*Order
}

// NewRedis returns the model that a store has in a generation.
func NewRedis(store *redismodel.Store, target redismodel.Target) *Redis {
	r := &Redis{model: redismodel.NewModel(store, target, Name, redismodel.KindOrder)}
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
	return r.model.Load(ctx)
}

// Discard implements follow.Mender.
func (r *Redis) Discard(ctx context.Context) error { return r.model.Discard(ctx) }

// Apply implements follow.Projector.
func (r *Redis) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	if r.model.IsFilling() {
		return r.Filler.Apply(ctx, from, to, events)
	}
	r.applying.Lock()
	defer r.applying.Unlock()
	before := r.known
	if r.at != from {
		before = nil
	}
	r.known, r.touched = make(map[order.ID]*Order), r.touched[:0]
	r.fresh, r.lost = make(map[order.ID]bool), make(map[order.ID]bool)
	if err := r.fetch(ctx, from, events, before); err != nil {
		r.known = nil
		return err
	}
	if err := r.putAll(events); err != nil {
		r.known = nil
		return err
	}
	b := r.model.NewBatch()
	err := r.encode(b)
	if err == nil {
		err = r.model.Write(ctx, from, to, b)
	}
	if err != nil {
		r.known = nil
		return err
	}
	r.at = to
	return nil
}

// fetch finds the orders of a batch as they are at the checkpoint that it
// starts from. A batch that has the first event of an order needs nothing.
func (r *Redis) fetch(ctx context.Context, from follow.Checkpoint, events []eventstore.Recorded, before map[order.ID]*Order) error {
	var unknown []*Order
	var next []eventstore.Revision // that they must be followed by
	r.targets = r.targets[:0]
	for i := range events {
		if i > 0 && events[i].Stream == events[i-1].Stream {
			r.targets = append(r.targets, r.targets[i-1])
			continue
		}
		if events[i].Stream.Category() != order.Category {
			r.targets = append(r.targets, nil)
			continue
		}
		id := order.ID(events[i].Stream.ID())
		if known := r.known[id]; known != nil {
			r.targets = append(r.targets, known)
			continue
		}
		known := &Order{ID: id}
		r.targets = append(r.targets, known)
		switch last := before[id]; {
		case r.model.IsLost(string(id)):
			r.lost[id] = true
		case last != nil:
			*known = *last // it may be on its way to Redis
		case events[i].Revision > 0:
			unknown, next = append(unknown, known), append(next, events[i].Revision)
		default:
			r.fresh[id] = true
		}
		r.known[id] = known
		r.touched = append(r.touched, id)
	}
	stored, err := r.fetchStored(ctx, from, unknown)
	for i := range stored {
		if o := unknown[i]; decodeStored(stored[i], o) != nil || o.Revision+1 != next[i] {
			r.model.Note(string(o.ID))
			r.lost[o.ID] = true
		}
	}
	return err
}

// fetchStored reads orders as they are stored.
func (r *Redis) fetchStored(ctx context.Context, from follow.Checkpoint, unknown []*Order) (stored []*redis.StringCmd, err error) {
	if len(unknown) == 0 {
		return nil, nil
	}
	stored = make([]*redis.StringCmd, len(unknown))
	read := func(p redis.Pipeliner, g redismodel.Generation) {
		for i, o := range unknown {
			stored[i] = p.Get(ctx, r.model.Key(g, redismodel.KindOrder, string(o.ID)))
		}
	}
	if r.model.IsFilling() {
		err = r.model.ReadFilled(ctx, read)
	} else {
		err = r.model.ReadAt(ctx, from, read)
	}
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// putAll puts the events of a batch on their orders.
func (r *Redis) putAll(events []eventstore.Recorded) error {
	defer func() { clear(r.targets) }()
	var last receipt
	for i, o := range r.targets {
		if o == nil {
			continue
		}
		if err := r.put(o, &events[i], &last); err != nil {
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
	}
	return nil
}

// put puts an event on its order, unless a filling that was broken off has put
// it, or the order is lost.
func (r *Redis) put(o *Order, e *eventstore.Recorded, last *receipt) error {
	if r.model.IsFilling() && o.Revision >= e.Revision && !o.RecordedAt.IsZero() {
		return nil
	}
	event, err := read(e, last)
	if err != nil {
		return fmt.Errorf("event %s in %s at position %s: %w", e.ID, e.Stream, e.Position, err)
	}
	if r.lost[o.ID] {
		return nil
	}
	*o, err = o.with(event, e.Revision, e.Position, e.RecordedAt.UTC())
	return err
}

// receipt is the last PaymentReceived of a batch. That it was verified mostly
// is the next event, and says the same of it.
type receipt struct {
	head     fact.Head
	received order.PaymentReceived
}

// read returns an event. Of the commonest it has what a fold looks at.
func read(e *eventstore.Recorded, last *receipt) (order.Event, error) {
	kind := kindOf(e)
	if kind == whole {
		return order.Codec.Decode(e.Type, e.Schema, e.Data)
	}
	head, ok := fact.ReadHead(e.Data)
	if !ok || head.Closes {
		return order.Codec.Decode(e.Type, e.Schema, e.Data)
	}
	if kind == verified && last.head.Payment != nil && sameFacts(&head, &last.head) {
		return asVerified(last.received), nil
	}
	amount, err := money.Parse(money.Currency(head.Currency), string(head.Amount))
	if err != nil || amount.Decimal() != string(head.Amount) {
		return order.Codec.Decode(e.Type, e.Schema, e.Data)
	}
	received := order.PaymentReceived{Payment: ident.Payment(head.Payment), User: string(head.User), Amount: amount}
	if !head.OccurredAt.IsZero() {
		received.OccurredAt = head.OccurredAt.UTC()
	}
	if kind == verified {
		return asVerified(received), nil
	}
	*last = receipt{head, received}
	return received, nil
}

// encode adds the orders of a batch to what is written. One that is lost is
// deleted, so that nobody takes what is left of it for the order, and put into
// the set of keys: somebody else's key may have been there before its first event.
func (r *Redis) encode(b *redismodel.Batch) error {
	for _, id := range r.touched {
		if r.lost[id] {
			delete(r.known, id)
			b.Delete(redismodel.KindOrder, string(id))
			b.New()
			continue
		}
		if err := encodeOne(b, r.known[id], r.fresh[id]); err != nil {
			return err
		}
	}
	return nil
}

// encodeOne adds an order, which may be one that is not stored yet.
func encodeOne(b *redismodel.Batch, o *Order, isNew bool) (err error) {
	b.Text(redismodel.KindOrder, string(o.ID))
	if isNew {
		b.New()
	}
	b.Append(func(text []byte) []byte {
		text, err = appendOrder(text, o)
		return text
	})
	if err != nil {
		return fmt.Errorf("encode order %s: %w", o.ID, err)
	}
	return nil
}

// decode reads an order as it is stored.
func decode(text string, o *Order) error {
	if err := json.Unmarshal([]byte(text), o); err != nil {
		return fmt.Errorf("%w: an order is no JSON", redismodel.ErrUnusable)
	}
	return nil
}

// decodeStored is decode of what Redis has answered.
func decodeStored(stored *redis.StringCmd, o *Order) error {
	if stored.Err() != nil {
		return stored.Err()
	}
	return decode(stored.Val(), o)
}

// Order returns the state of an order, or an ErrNotFound with an order that
// has only the position of the model. It is an ErrMending if what Redis has of
// the order is lost.
func (r *Redis) Order(ctx context.Context, id order.ID) (Order, error) {
	var stored *redis.StringCmd
	view, err := r.model.Read(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		stored = p.Get(ctx, r.model.Key(g, redismodel.KindOrder, string(id)))
	})
	if err != nil {
		return Order{}, fmt.Errorf("order: %w", err)
	}
	o := Order{Position: view.Checkpoint.Position}
	if decodeStored(stored, &o) == nil {
		return o.filled(), nil
	}
	if o, err = r.doubtfulOrder(ctx, id); errors.Is(err, redis.Nil) {
		return o, fmt.Errorf("%w: %.600q at position %s", ErrNotFound, string(id), o.Position)
	} else if err != nil {
		return Order{}, fmt.Errorf("order: %w", err)
	}
	return o.filled(), nil
}

// doubtfulOrder reads an order that seems not to be there, or not to be one,
// together with whether it must be there. If it need not, it is a redis.Nil.
func (r *Redis) doubtfulOrder(ctx context.Context, id order.ID) (Order, error) {
	var stored *redis.StringCmd
	var member *redis.BoolSliceCmd
	view, err := r.model.ReadAlone(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		stored = p.Get(ctx, r.model.Key(g, redismodel.KindOrder, string(id)))
		member = p.SMIsMember(ctx, r.model.Key(g, redismodel.KindKeys, Name), "", redismodel.KindOrder+":"+string(id))
	})
	if err != nil {
		return Order{}, err
	}
	o := Order{Position: view.Checkpoint.Position}
	if view.IsEmpty() {
		return o, redis.Nil
	}
	switch err := decodeStored(stored, &o); {
	case err == nil:
		return o, nil
	case errors.Is(err, redis.Nil) && member.Err() == nil && member.Val()[0] && !member.Val()[1]:
		return o, redis.Nil
	}
	r.model.Note(string(id))
	return Order{}, follow.ErrMending
}
