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

// learn puts the streams into the filter that the file held when it was opened,
// and the index all events up to a position. Until it is done, every look goes to
// the index. So does learning, which has far fewer pages than the table.
//
// It returns an errDamaged if the index has lost events: what the writer would
// decide by it could double a payment.
func (s *seen) learn(ctx context.Context, pool *pool, u *unindexed, indexed eventstore.Position) error {
	s.add(u.hashes()...) // before the index is read, so that no block is in neither
	var found eventstore.Position
	var runs []run
	var hashes []int64
	for last, more := (run{hash: math.MinInt64}), true; more; {
		err := pool.lend(ctx, func(c *connection) (err error) {
			runs, err = c.index(runs[:0], last)
			return err
		})
		if err != nil {
			return fmt.Errorf("learn the streams of the log: %w", err)
		}
		hashes = hashes[:0]
		for _, r := range runs {
			hashes = append(hashes, r.hash)
			if r.position <= indexed {
				found += eventstore.Position(r.events)
			}
		}
		s.add(hashes...)
		if more = len(runs) == maxPageRuns; more {
			last = runs[len(runs)-1]
		}
	}
	if found != indexed {
		return fmt.Errorf("%w: its index has %s of %s events", errDamaged, found, indexed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complete = true
	return nil
}
