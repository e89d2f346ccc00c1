package httpapi

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// The bounds of the memory that answers to reads take until they have been
// written. What it takes to make an answer is three to four times as much.
const (
	maxUnwritten      = 32 << 20
	maxUnwrittenToken = maxUnwritten / 2 // of one token

	// reserveTimeout bounds the wait for answers of others to be written. One that
	// nobody reads is cut off after writeTimeout.
	reserveTimeout = time.Second
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

// reservation is the part of memory that one answer has.
type reservation struct {
	all, share *semaphore.Weighted
	bytes      int64
}

// reserve waits a moment for memory, or refuses. It is taken before anything is
// read, so that what waits takes none.
func (m *memory) reserve(ctx context.Context, actor string, bytes int) (*reservation, error) {
	ctx, cancel := context.WithTimeout(ctx, reserveTimeout)
	defer cancel()
	held := &reservation{all: m.all, share: m.share(actor)}
	if err := held.share.Acquire(ctx, int64(bytes)); err != nil {
		return nil, unreadAnswers(err)
	}
	if err := held.all.Acquire(ctx, int64(bytes)); err != nil {
		held.share.Release(int64(bytes))
		return nil, unreadAnswers(err)
	}
	held.bytes = int64(bytes)
	return held, nil
}

// reserve takes memory for the answer to a request.
func (c *call) reserve(ctx context.Context, bytes int) (err error) {
	c.reserved, err = c.memory.reserve(ctx, c.who.Actor(), bytes)
	return err
}

func unreadAnswers(cause error) *Problem {
	return overloaded.problem("Answers that have not been read yet take all the memory that there is for them. Read the answers, and send the request again.", cause)
}

// resize gives memory back, or takes more if that is there at once. It reports
// whether the reservation is as large as that.
func (r *reservation) resize(bytes int) bool {
	more := int64(bytes) - r.bytes
	switch {
	case more < 0:
		r.share.Release(-more)
		r.all.Release(-more)
	case more > 0 && !r.share.TryAcquire(more):
		return false
	case more > 0 && !r.all.TryAcquire(more):
		r.share.Release(more)
		return false
	}
	r.bytes += more
	return true
}

// release gives all of it back.
func (r *reservation) release() { r.resize(0) }
