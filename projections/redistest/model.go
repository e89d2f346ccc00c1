package redistest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"daybook/projections/redismodel"
)

// prefixes are counted, so that stores of one server are independent.
var prefixes atomic.Uint64

// Store opens a store in the server, under a prefix of its own, until the test
// ends.
func (s *Server) Store(t testing.TB) *redismodel.Store {
	t.Helper()
	return s.StoreAt(t, fmt.Sprintf("{test-%d}", prefixes.Add(1)))
}

// StoreAt opens a store under a prefix.
func (s *Server) StoreAt(t testing.TB, prefix string) *redismodel.Store {
	t.Helper()
	return Connect(t, redismodel.Options{URL: s.URL(), Prefix: prefix})
}

// Connect opens a store until the test ends.
func Connect(t testing.TB, o redismodel.Options) *redismodel.Store {
	t.Helper()
	store, err := redismodel.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// Keys returns all keys of the server.
func (s *Server) Keys() []string {
	s.t.Helper()
	keys, err := s.client.Keys(context.Background(), "*").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}

// CPU returns the processor time that the server has taken.
func (s *Server) CPU() time.Duration {
	s.t.Helper()
	spent, err := CPU(context.Background(), s.client)
	if err != nil {
		s.t.Fatal(err)
	}
	return spent
}

// CPU returns the processor time that a server has taken.
func CPU(ctx context.Context, client redis.UniversalClient) (spent time.Duration, err error) {
	info, err := client.Info(ctx, "cpu").Result()
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			took, parseErr := time.ParseDuration(value + "s")
			spent, err = spent+took, errors.Join(err, parseErr)
		}
	}
	return spent, err
}
