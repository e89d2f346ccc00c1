package verify

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// storedOrder is what Redis has of an order, or why it cannot be read.
type storedOrder struct {
	text     string
	err      error // redis.Nil if there is none
	isMember bool  // of the set of keys
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
	members := o.askMembers(ctx, pipe, ids)
	return func() []storedOrder {
		stored := make([]storedOrder, len(ids))
		for i := range each {
			stored[i].text, stored[i].err = each[i].Result()
		}
		members(stored)
		return stored
	}
}

// askMembers asks of which orders the set of keys knows, and returns how to add
// the answers.
func (o *orders) askMembers(ctx context.Context, pipe redis.Pipeliner, ids []string) func([]storedOrder) {
	names := make([]any, len(ids))
	for i, id := range ids {
		names[i] = "order:" + id
	}
	answers := pipe.SMIsMember(ctx, o.layout.key("keys", o.model.name), names...)
	return func(stored []storedOrder) {
		for i, isMember := range answers.Val() {
			stored[i].isMember = isMember
		}
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
	members := o.askMembers(ctx, pipe, ids)
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
		members(stored)
		return stored
	}
}
