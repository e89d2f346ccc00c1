package verify

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// storedOrder is what Redis has of an order, or why it cannot be read.
type storedOrder struct {
	text string
	err  error // redis.Nil if there is none
}

// askOrders queues commands that read orders, and returns how to get the
// answers, one for each.
type askOrders func(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []storedOrder

// askEach reads each order, and says of each why it cannot be read.
func (o *orders) askEach(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []storedOrder {
	each := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		each[i] = pipe.Get(ctx, o.layout.key("order", id))
	}
	return func() []storedOrder {
		stored := make([]storedOrder, len(ids))
		for i := range each {
			stored[i].text, stored[i].err = each[i].Result()
		}
		return stored
	}
}

// askTogether reads orders by one command, which takes a third of the time. One
// that is no text seems to be missing: it is asked for again.
func (o *orders) askTogether(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []storedOrder {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = o.layout.key("order", id)
	}
	all := pipe.MGet(ctx, keys...)
	return func() []storedOrder {
		stored := make([]storedOrder, len(ids))
		for i := range stored {
			stored[i].err = redis.Nil
			if all.Err() != nil {
				stored[i].err = all.Err()
			} else if text, ok := all.Val()[i].(string); ok {
				stored[i] = storedOrder{text: text}
			}
		}
		return stored
	}
}
