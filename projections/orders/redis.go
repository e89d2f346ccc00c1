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
	"daybook/projections"
	"daybook/projections/internal/fact"
	"daybook/projections/redismodel"

	"github.com/go-json-experiment/json"
	"github.com/redis/go-redis/v9"
)

// Redis is the read model in Redis. It implements projections.Projector, and
// its methods may be called from any number of goroutines.
type Redis struct {
	model *redismodel.Model

	applying sync.Mutex // held by Load and Apply; guards what follows
	touched  []order.ID // scratch of Apply

	// What the last batch has written, because the rest of an order's events
	// often is in the next one. They are of the checkpoint at; see
	// redismodel for why that makes them true.
	at    projections.Checkpoint
	known map[order.ID]*Order
}

// NewRedis returns the model that a store has in a generation.
func NewRedis(store *redismodel.Store, target redismodel.Target) *Redis {
	return &Redis{model: redismodel.NewModel(store, target, Name, redismodel.KindOrder)}
}

// Name implements projections.Projector.
func (r *Redis) Name() string { return Name }

// FoldVersion implements projections.Projector.
func (r *Redis) FoldVersion() int { return FoldVersion }

// Load implements projections.Projector.
func (r *Redis) Load(ctx context.Context) (projections.Checkpoint, error) {
	r.applying.Lock()
	defer r.applying.Unlock()
	return r.model.Load(ctx)
}

// Apply implements projections.Projector.
func (r *Redis) Apply(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) error {
	r.applying.Lock()
	defer r.applying.Unlock()
	before := r.known
	if r.at != from {
		before = nil
	}
	r.known, r.touched = make(map[order.ID]*Order), r.touched[:0]
	if err := r.fetch(ctx, from, events, before); err != nil {
		return err
	}
	for i := range events {
		if events[i].Stream.Category() != order.Category {
			continue
		}
		if err := r.put(&events[i]); err != nil {
			r.known = nil
			return fmt.Errorf("%w: %w", projections.ErrCannotFold, err)
		}
	}
	b, err := r.batch()
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
func (r *Redis) fetch(ctx context.Context, from projections.Checkpoint, events []eventstore.Recorded, before map[order.ID]*Order) error {
	var unknown []order.ID
	for i := range events {
		if events[i].Stream.Category() != order.Category {
			continue
		}
		id := order.ID(events[i].Stream.ID())
		if r.known[id] != nil {
			continue
		}
		known := before[id]
		if known == nil {
			known = &Order{ID: id}
			if events[i].Revision > 0 {
				unknown = append(unknown, id)
			}
		}
		r.known[id] = known
		r.touched = append(r.touched, id)
	}
	if len(unknown) == 0 {
		return nil
	}
	stored := make([]*redis.StringCmd, len(unknown))
	err := r.model.ReadAt(ctx, from, func(p redis.Pipeliner, g redismodel.Generation) {
		for i, id := range unknown {
			stored[i] = p.Get(ctx, r.model.Key(g, redismodel.KindOrder, string(id)))
		}
	})
	for i := 0; err == nil && i < len(unknown); i++ {
		if stored[i].Err() == nil { // no key is an order without events so far
			err = decode(stored[i].Val(), r.known[unknown[i]])
		}
	}
	if err != nil {
		r.known = nil
	}
	return err
}

// put puts an event on its order.
func (r *Redis) put(e *eventstore.Recorded) error {
	event, err := read(e)
	if err != nil {
		return fmt.Errorf("event %s in %s at position %s: %w", e.ID, e.Stream, e.Position, err)
	}
	o := r.known[order.ID(e.Stream.ID())]
	*o, err = o.with(event, e.Revision, e.Position, e.RecordedAt.UTC())
	return err
}

// read returns an event. Of the commonest it has what a fold looks at.
func read(e *eventstore.Recorded) (order.Event, error) {
	kind := kindOf(e)
	if kind == whole {
		return order.Codec.Decode(e.Type, e.Schema, e.Data)
	}
	head, ok := fact.ReadHead(e.Data)
	amount, err := money.Parse(money.Currency(head.Currency), string(head.Amount))
	if !ok || head.Closes || err != nil || amount.Decimal() != string(head.Amount) {
		return order.Codec.Decode(e.Type, e.Schema, e.Data)
	}
	received := order.PaymentReceived{Payment: ident.Payment(head.Payment), User: string(head.User), Amount: amount}
	if !head.OccurredAt.IsZero() {
		received.OccurredAt = head.OccurredAt.UTC()
	}
	if kind == verified {
		return asVerified(received), nil
	}
	return received, nil
}

// batch returns the orders that were touched.
func (r *Redis) batch() (*redismodel.Batch, error) {
	b := r.model.NewBatch()
	for _, id := range r.touched {
		b.Text(redismodel.KindOrder, string(id))
		var err error
		b.Append(func(text []byte) []byte {
			text, err = appendOrder(text, r.known[id])
			return text
		})
		if err != nil {
			return nil, fmt.Errorf("encode order %s: %w", id, err)
		}
	}
	return b, nil
}

// decode reads an order as it is stored.
func decode(text string, o *Order) error {
	if err := json.Unmarshal([]byte(text), o); err != nil {
		return fmt.Errorf("%w: order is %.300q: %w", redismodel.ErrUnusable, text, err)
	}
	return nil
}

// Order returns the state of an order, or an ErrNotFound with an order that
// has only the position of the model.
func (r *Redis) Order(ctx context.Context, id order.ID) (Order, error) {
	var stored *redis.StringCmd
	view, err := r.model.Read(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		stored = p.Get(ctx, r.model.Key(g, redismodel.KindOrder, string(id)))
	})
	if err != nil {
		return Order{}, fmt.Errorf("order: %w", err)
	}
	o := Order{Position: view.Checkpoint.Position}
	if errors.Is(stored.Err(), redis.Nil) {
		return o, fmt.Errorf("%w: %.600q at position %s", ErrNotFound, string(id), o.Position)
	}
	err = decode(stored.Val(), &o)
	return o.filled(), err
}
