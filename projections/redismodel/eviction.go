package redismodel

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// onConnect is asked on every new connection. go-redis takes one layer off its
// error.
func onConnect(ctx context.Context, connection *redis.Conn) error {
	if err := refuseEviction(ctx, connection); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

// refuseEviction lets no connection be used to a server that could drop a
// balance to make room. What answers after a failover may be configured
// otherwise than what answered before. INFO says it where
// managed servers block CONFIG.
func refuseEviction(ctx context.Context, server informant) error {
	memory, err := server.Info(ctx, "memory").Result()
	if err != nil {
		return fmt.Errorf("ask for maxmemory_policy: %w", err)
	}
	policy, found := infoValue(memory, "maxmemory_policy")
	switch {
	case found && policy == "noeviction":
		return nil
	case found:
		return fmt.Errorf("%w: maxmemory-policy is %s; type: redis-cli CONFIG SET maxmemory-policy noeviction (and set it in redis.conf)%s",
			ErrEvicts, policy, lossOf(ctx, server))
	}
	about, err := server.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("ask for redis_mode: %w", err)
	}
	if mode, _ := infoValue(about, "redis_mode"); mode == "sentinel" {
		return nil // it keeps no balances
	}
	return fmt.Errorf("%w, perhaps: INFO memory does not say maxmemory_policy", ErrEvicts)
}

// informant is a connection, or a client of one server.
type informant interface {
	Info(ctx context.Context, sections ...string) *redis.StringCmd
}

// lossOf says what to do if a server has evicted keys already, which may have
// been balances.
func lossOf(ctx context.Context, server informant) string {
	n, found := infoValue(server.Info(ctx, "stats").Val(), "evicted_keys")
	if !found || n == "0" {
		return ""
	}
	return fmt.Sprintf("; it has evicted %s keys since it was started: then run `daybook rebuild`", n)
}

// checkPolicy is refuseEviction for connections that there are, under which the
// policy may be changed. Nothing is read from the store until it was found to
// be in order again.
func (s *Store) checkPolicy(ctx context.Context) error {
	node, err := s.node(ctx)
	if err != nil {
		return err
	}
	err = refuseEviction(ctx, node)
	if err == nil || errors.Is(err, ErrEvicts) {
		s.evicts.Store(err != nil)
	}
	if err != nil {
		return s.failed("use", err)
	}
	return nil
}

// infoValue finds a line of INFO.
func infoValue(info, name string) (string, bool) {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}
