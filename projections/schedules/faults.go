package schedules

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"daybook/projections/redismodel"
)

// The faults of Redis and of the way to it. Callbacks go on being acknowledged
// during each of them.

func (s *schedule) killRedis() {
	s.redis.active.Kill()
	s.someWork()
	if s.redis.appendOnly && s.either(2) {
		share := s.random.Float64()
		s.note("  and the last %.0f%% of its file are lost", 100*(1-share))
		s.redis.truncate(share)
	}
	s.redis.active.Restart()
}

func (s *schedule) pauseRedis() {
	s.redis.active.Pause()
	s.someWork()
	s.redis.active.Resume()
}

func (s *schedule) flushRedis() {
	s.redis.do(s.redis.active, func(ctx context.Context, c *redis.Client) error { return c.FlushAll(ctx).Err() })
	s.someWork()
}

// loseCheckpoint deletes that of one model or of both.
func (s *schedule) loseCheckpoint() {
	s.redis.do(s.redis.active, func(ctx context.Context, c *redis.Client) error {
		keys, err := c.Keys(ctx, "*:"+redismodel.KindCheckpoint+":*").Result()
		for _, key := range keys {
			if s.either(2) && err == nil {
				err = c.Del(ctx, key).Err()
			}
		}
		return err
	})
	s.someWork()
}

func (s *schedule) backUpRedis() {
	s.redis.save()
	s.someWork()
}

func (s *schedule) restoreRedis() {
	if len(s.redis.copies) == 0 {
		s.redis.save()
		s.load.await(1 + s.random.IntN(40))
	}
	from := ""
	if n := s.random.IntN(len(s.redis.copies) + 1); n < len(s.redis.copies) {
		from = s.redis.copies[n]
	}
	s.redis.active.Kill()
	s.someWork()
	s.redis.restore(from)
}

func (s *schedule) follow() {
	if s.redis.replica != following {
		s.redis.follow()
	}
	s.someWork()
}

func (s *schedule) detach() {
	s.follow()
	s.redis.promote(s.redis.standby)
	s.redis.replica = older
	s.load.await(1 + s.random.IntN(40))
}

// failOver leads to the standby, which may be asked before it is promoted.
func (s *schedule) failOver() {
	if s.redis.replica == unrelated {
		s.redis.follow()
		s.someWork()
	}
	if s.redis.replica == following && s.either(2) {
		s.redis.promote(s.redis.standby)
		s.redis.replica = older
		s.someWork()
	}
	promoted := s.redis.replica == older
	s.redis.swap()
	s.someWork()
	if !promoted {
		s.redis.promote(s.redis.active)
	}
	s.redis.replica = unrelated
}

// evict has the server refuse a Redis that could drop a balance, and say what
// to do, on the connections that it has or on new ones.
func (s *schedule) evict() {
	const clear = "CONFIG SET maxmemory-policy noeviction"
	before := strings.Count(s.daybook.Said(), clear)
	s.redis.configure("maxmemory-policy", "allkeys-lru")
	if s.either(2) {
		s.redis.Proxy.Cut()
	}
	s.said(clear, before)
	s.someWork()
	s.redis.configure("maxmemory-policy", "noeviction")
}

// fillUp leaves room for a few batches or none.
func (s *schedule) fillUp() {
	const clear = "OOM"
	before := strings.Count(s.daybook.Said(), clear)
	s.redis.configure("maxmemory", "1")
	if s.either(2) {
		s.said(clear, before)
	}
	s.someWork()
	s.redis.configure("maxmemory", "0")
}

func (s *schedule) flushScripts() {
	s.redis.do(s.redis.active, func(ctx context.Context, c *redis.Client) error { return c.ScriptFlush(ctx).Err() })
	s.someWork()
}

// loseAnswers loses some, with what was asked for done.
func (s *schedule) loseAnswers() {
	s.redis.Proxy.LoseAfter(s.random.IntN(20), 1+s.random.IntN(5))
	s.load.await(1 + s.random.IntN(30))
}

func (s *schedule) refuseConnections() {
	s.redis.Proxy.Refuse()
	s.someWork()
	s.redis.Proxy.Accept()
}
