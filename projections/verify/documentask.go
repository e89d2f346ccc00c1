package verify

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// storedDocument is what Redis has of a document, or why it cannot be read.
type storedDocument struct {
	text     string
	err      error // redis.Nil if there is none
	isMember bool  // of the set of keys
}

// askDocuments queues commands that read documents, and returns how to get the
// answers, one for each.
type askDocuments func(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []storedDocument

// askEach reads each document, and says of each why it cannot be read.
func (o *documents) askEach(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []storedDocument {
	each := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		each[i] = pipe.Get(ctx, o.layout.key(o.document.Kind, id))
	}
	members := o.askMembers(ctx, pipe, ids)
	return func() []storedDocument {
		stored := make([]storedDocument, len(ids))
		for i := range each {
			stored[i].text, stored[i].err = each[i].Result()
		}
		members(stored)
		return stored
	}
}

// askMembers asks of which documents the set of keys knows, and returns how to add
// the answers.
func (o *documents) askMembers(ctx context.Context, pipe redis.Pipeliner, ids []string) func([]storedDocument) {
	names := make([]any, len(ids))
	for i, id := range ids {
		names[i] = o.document.Kind + ":" + id
	}
	answers := pipe.SMIsMember(ctx, o.layout.key("keys", o.model.name), names...)
	return func(stored []storedDocument) {
		for i, isMember := range answers.Val() {
			stored[i].isMember = isMember
		}
	}
}

// askTogether reads documents by one command, which takes a third of the time. One
// that is no text seems to be missing: it is asked for again.
func (o *documents) askTogether(ctx context.Context, pipe redis.Pipeliner, ids []string) func() []storedDocument {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = o.layout.key(o.document.Kind, id)
	}
	all := pipe.MGet(ctx, keys...)
	members := o.askMembers(ctx, pipe, ids)
	return func() []storedDocument {
		stored := make([]storedDocument, len(ids))
		for i := range stored {
			stored[i].err = redis.Nil
			if all.Err() != nil {
				stored[i].err = all.Err()
			} else if text, ok := all.Val()[i].(string); ok {
				stored[i] = storedDocument{text: text}
			}
		}
		members(stored)
		return stored
	}
}
