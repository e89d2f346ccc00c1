package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// The bounds of the memory that answers to reads take until they have been
// written. What it takes to make an answer is three to four times as much.
const (
	maxUnwritten      = 32 << 20
	maxUnwrittenToken = maxUnwritten / 2 // of one token

	// claimTimeout bounds the wait for answers of others to be written. One that
	// nobody reads is cut off after writeTimeout.
	claimTimeout = time.Second
)

// memory bounds the bytes of answers that have not been written.
type memory struct {
	all *semaphore.Weighted

	mu     sync.Mutex
	shares map[string]*semaphore.Weighted // by actor, of which there are as many as tokens
}

func newMemory() *memory {
	return &memory{all: semaphore.NewWeighted(maxUnwritten), shares: make(map[string]*semaphore.Weighted)}
}

func (m *memory) share(actor string) *semaphore.Weighted {
	m.mu.Lock()
	defer m.mu.Unlock()
	share := m.shares[actor]
	if share == nil {
		share = semaphore.NewWeighted(maxUnwrittenToken)
		m.shares[actor] = share
	}
	return share
}

// claim is the part of memory that one answer has.
type claim struct {
	all, share *semaphore.Weighted
	bytes      int64
}

// claim waits a moment for memory, or refuses. It is taken before anything is
// read, so that what waits takes none.
func (m *memory) claim(ctx context.Context, actor string, bytes int) (*claim, error) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	c := &claim{all: m.all, share: m.share(actor)}
	if err := c.share.Acquire(ctx, int64(bytes)); err != nil {
		return nil, unreadAnswers(err)
	}
	if err := c.all.Acquire(ctx, int64(bytes)); err != nil {
		c.share.Release(int64(bytes))
		return nil, unreadAnswers(err)
	}
	c.bytes = int64(bytes)
	return c, nil
}

// claim takes memory for the answer to a request.
func (s *Server) claim(w *call, r *http.Request, bytes int) (err error) {
	w.claimed, err = s.memory.claim(r.Context(), w.who.Actor(), bytes)
	return err
}

// settle keeps what was claimed for an answer until that has been written.
func (s *Server) settle(w *call, r *http.Request) {
	if w.claimed == nil {
		return
	}
	if !w.written {
		w.claimed.release() // the answer is a problem
		return
	}
	s.connections.afterWrite(r.RemoteAddr, w.claimed.release)
}

func unreadAnswers(cause error) *Problem {
	return overloaded.problem("Answers that have not been read yet take all the memory that there is for them. Read the answers, and send the request again.", cause)
}

// resize gives memory back, or takes more if that is there at once. It reports
// whether the claim is as large as that.
func (c *claim) resize(bytes int) bool {
	more := int64(bytes) - c.bytes
	switch {
	case more < 0:
		c.share.Release(-more)
		c.all.Release(-more)
	case more > 0 && !c.share.TryAcquire(more):
		return false
	case more > 0 && !c.all.TryAcquire(more):
		c.share.Release(more)
		return false
	}
	c.bytes += more
	return true
}

// release gives all of it back.
func (c *claim) release() { c.resize(0) }
