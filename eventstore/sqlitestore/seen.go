package sqlitestore

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"github.com/bits-and-blooms/bloom/v3"

	"daybook/eventstore"
)

const (
	// minSeen is the number of streams that the filter has room for at least:
	// 1.2 MB.
	minSeen = 1 << 20

	// seenError is how often the filter is wrong about a stream that does not
	// exist, which then costs a look into the index.
	seenError = 0.01
)

// seen answers "has this stream ever been written to", wrongly yes at times but
// never wrongly no. Most callbacks are the first of their order, and looking
// for it would cost as much as all else that a request does before its commit:
// a reader's cache is void after every commit of the writer.
//
// It only ever saves a look.
type seen struct {
	mu       sync.RWMutex
	filter   *bloom.BloomFilter // of their hashes
	scratch  [8]byte
	complete bool // every stream of the log is in it
}

// newSeen makes a filter for a log of some number of events: 1.2 bytes for each.
// There are fewer streams, so it has room to grow; when the log has outgrown it,
// it is wrong more often, until the next start.
func newSeen(events eventstore.Position) *seen {
	return &seen{filter: bloom.NewWithEstimates(uint(max(minSeen, events)), seenError)}
}

// add is called before an append is committed, so that no stream is missing
// that anybody has been told of.
func (s *seen) add(hashes ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hash := range hashes {
		s.filter.Add(binary.BigEndian.AppendUint64(s.scratch[:0], uint64(hash)))
	}
}

// never reports that the stream with a hash has no event.
func (s *seen) never(streamHash int64) bool {
	hash := binary.BigEndian.AppendUint64(make([]byte, 0, 8), uint64(streamHash))
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.complete && !s.filter.Test(hash)
}

// learn puts the streams into the filter that the file held when it was opened.
// Until it is done, every look goes to the index. So does learning, which has
// far fewer pages than the table.
func (s *seen) learn(ctx context.Context, pool *pool, u *unindexed) error {
	hashes := u.hashes() // before the index is read, so that no block is in neither
	s.add(hashes...)
	for from, more := int64(math.MinInt64), true; more; {
		err := pool.lend(ctx, func(c *connection) (err error) {
			hashes, err = c.streams(hashes[:0], from)
			return err
		})
		if err != nil {
			return fmt.Errorf("learn the streams of the log: %w", err)
		}
		s.add(hashes...)
		if more = len(hashes) == maxPageStreams; more {
			from = hashes[len(hashes)-1] // once more: there may be no number behind it
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complete = true
	return nil
}
