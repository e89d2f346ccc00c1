package orders

import (
	"context"
	"errors"
	"fmt"

	"daybook/domain/order"
	"daybook/projections/follow"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

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
	var o Order
	if decode(stored, &o) == nil {
		o.Position = view.Checkpoint.Position
		return o.filled(), nil
	}
	if o, err = r.doubtfulOrder(ctx, id); errors.Is(err, redis.Nil) {
		return o, notFound(id, o.Position)
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
	var o Order
	err = decode(stored, &o)
	o.Position = view.Checkpoint.Position
	switch {
	case view.IsEmpty():
		return o, redis.Nil
	case err == nil:
		return o, nil
	case errors.Is(err, redis.Nil) && member.Err() == nil && member.Val()[0] && !member.Val()[1]:
		return o, redis.Nil
	}
	r.model.Suspect(string(id))
	return Order{}, follow.ErrMending
}
