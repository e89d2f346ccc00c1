package redismodel

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Reads that are asked for while others are under way wait and go to Redis
// together: with many readers, each costs Redis and this
// process a fraction of a round trip, and none waits for longer than two.
const (
	maxFlights = 2   // round trips under way at one time
	maxShared  = 100 // reads in one of them
)

// shared is the reads that wait, and the round trips under way.
type shared struct {
	mu      sync.Mutex // guards what follows
	flights int
	waiting []*sharedRead
}

// sharedRead is one read that waits.
type sharedRead struct {
	commands func(redis.Pipeliner, Generation)
	done     chan struct{} // closed when view and err are set
	view     View
	err      error

	lead   chan struct{} // closed when its goroutine is to run a round trip
	flight []*sharedRead // which has these reads, itself the first
}

// Read runs commands of a pipeline, and returns the checkpoint that their results
// belong to. It is one round trip, which it may share with other reads. Commands is called again if
// the model has changed meanwhile; the results of the last call count. It
// may run in another goroutine, also after Read has returned the error of ctx.
// A key that does not exist, or is of another type, is no error of Read.
func (m *Model) Read(ctx context.Context, commands func(redis.Pipeliner, Generation)) (View, error) {
	r := &sharedRead{commands: commands, done: make(chan struct{}), lead: make(chan struct{})}
	if m.shared.begin(r) {
		m.fly(ctx, []*sharedRead{r})
		return r.view, r.err
	}
	select {
	case <-r.done:
	case <-r.lead:
		m.fly(ctx, r.flight)
	case <-ctx.Done():
		if m.shared.leave(r) {
			m.fly(ctx, r.flight) // the others wait for it
		}
		return View{}, m.store.failed("read", ctx.Err())
	}
	return r.view, r.err
}

// fly runs one round trip, and has the first of those that came meanwhile run
// the next.
func (m *Model) fly(ctx context.Context, reads []*sharedRead) {
	view, err := m.view(context.WithoutCancel(ctx), m.store.reader, &m.read, optimistic, func(p redis.Pipeliner, g Generation) {
		for _, r := range reads {
			r.commands(p, g)
		}
	})
	m.shared.end()
	for _, r := range reads {
		r.view, r.err = view, err
		if err != nil && !isTransport(err) { // perhaps the fault of one of them
			r.view, r.err = m.ReadAlone(context.WithoutCancel(ctx), r.commands)
		}
		close(r.done)
	}
}

// begin reports whether a read may go at once. Otherwise it waits.
func (s *shared) begin(r *sharedRead) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flights < maxFlights {
		s.flights++
		return true
	}
	s.waiting = append(s.waiting, r)
	return false
}

// end ends a flight, or hands it on.
func (s *shared) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.flights--
		return
	}
	n := min(len(s.waiting), maxShared)
	first := s.waiting[0]
	first.flight, s.waiting = s.waiting[:n:n], s.waiting[n:]
	close(first.lead)
}

// leave takes a read out of those that wait. It reports whether a flight was
// handed to it before, which it has to run all the same.
func (s *shared) leave(r *sharedRead) (leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, r); i >= 0 {
		s.waiting = slices.Delete(slices.Clone(s.waiting), i, i+1)
	}
	return r.flight != nil
}
