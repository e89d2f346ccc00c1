package balances

import "daybook/projections/follow"

// maxCached bounds the users that are cached.
const maxCached = 1 << 17

// cache has the users that the projector has read or written, so that it need
// not read them again. They are of one checkpoint: a generation is the fold of
// the log up to its checkpoint, by whichever process it was written, so that what
// is known of a checkpoint holds wherever the same checkpoint is stored.
type cache struct {
	at      follow.Checkpoint
	isValid bool // what is cached is at that checkpoint
	isWhole bool // a user that is not cached does not exist
	users   map[string]*redisAccount
}

// begin prepares for a batch that starts from a checkpoint. Until end, what is
// cached is not valid.
func (c *cache) begin(from follow.Checkpoint, isFresh bool) {
	if !c.isValid || c.at != from || len(c.users) > maxCached {
		isWhole := isFresh && from == follow.Checkpoint{}
		*c = cache{isWhole: isWhole, users: make(map[string]*redisAccount)}
	}
	c.isValid = false
}

// end notes that the batch was written.
func (c *cache) end(to follow.Checkpoint) { c.at, c.isValid = to, true }
