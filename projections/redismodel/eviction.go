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
	if _, err := refuseEviction(ctx, connection, "memory"); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

// refuseEviction lets no connection be used to a server that could drop a
// balance to make room. What answers after a failover may be configured
// otherwise than what answered before. INFO says it where managed servers block
// CONFIG. It returns what INFO says of sections; without any, of the usual ones.
func refuseEviction(ctx context.Context, server informant, sections ...string) (info string, err error) {
	info, err = server.Info(ctx, sections...).Result()
	if err != nil {
		return "", fmt.Errorf("ask for maxmemory_policy: %w", err)
	}
	policy, found := infoValue(info, "maxmemory_policy")
	switch {
	case found && policy == "noeviction":
		return info, nil
	case found:
		return "", fmt.Errorf("%w: maxmemory-policy is %s; type: redis-cli CONFIG SET maxmemory-policy noeviction (and set it in redis.conf); what it has evicted is made again then", ErrEvicts, policy)
	}
	about, err := server.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask for redis_mode: %w", err)
	}
	if mode, _ := infoValue(about, "redis_mode"); mode == "sentinel" {
		return info, nil // it keeps no balances
	}
	return "", fmt.Errorf("%w, perhaps: INFO memory does not say maxmemory_policy", ErrEvicts)
}

// informant is a connection, or a client of one server.
type informant interface {
	Info(ctx context.Context, sections ...string) *redis.StringCmd
}

// checkPolicy is refuseEviction for connections that there are, under which the
// policy may be changed. Nothing is read from the store until it was found to
// be in order again. It returns what Run does.
func (s *Store) checkPolicy(ctx context.Context) (run string, err error) {
	node, err := s.node(ctx)
	if err != nil {
		return "", err
	}
	info, err := refuseEviction(ctx, node)
	if err == nil || errors.Is(err, ErrEvicts) {
		s.evicts.Store(err != nil)
	}
	if err != nil {
		return "", s.failed("use", err)
	}
	id, _ := infoValue(info, "run_id")
	evicted, _ := infoValue(info, "evicted_keys")
	return id + " " + evicted, nil
}

// Run names the run of Redis and how many keys it has evicted. As long as it is
// the same, no key is missing for either reason that was there before.
func (s *Store) Run(ctx context.Context) (string, error) { return s.checkPolicy(ctx) }

// infoValue finds a line of INFO.
func infoValue(info, name string) (string, bool) {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}
