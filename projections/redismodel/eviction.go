package redismodel

import (
	"context"
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
func refuseEviction(ctx context.Context, connection *redis.Conn) error {
	memory, err := connection.Info(ctx, "memory").Result()
	if err != nil {
		return fmt.Errorf("ask for maxmemory_policy: %w", err)
	}
	policy, found := infoValue(memory, "maxmemory_policy")
	switch {
	case found && policy == "noeviction":
		return nil
	case found:
		return fmt.Errorf("%w: maxmemory-policy is %s; type: redis-cli CONFIG SET maxmemory-policy noeviction (and set it in redis.conf)", ErrEvicts, policy)
	}
	server, err := connection.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("ask for redis_mode: %w", err)
	}
	if mode, _ := infoValue(server, "redis_mode"); mode == "sentinel" {
		return nil // it keeps no balances
	}
	return fmt.Errorf("%w, perhaps: INFO memory does not say maxmemory_policy", ErrEvicts)
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
