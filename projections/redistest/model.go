package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
func (s *Server) CPU() (spent time.Duration) {
	s.t.Helper()
	for line := range strings.Lines(s.client.Info(context.Background(), "cpu").Val()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			spent += time.Duration(seconds * float64(time.Second))
		}
	}
	return spent
}
