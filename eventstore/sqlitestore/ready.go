package sqlitestore

import (
	"context"
	"fmt"
	"time"
)

// readyFor is how long a write proves that the next one would succeed.
const readyFor = time.Second

// Ready implements eventstore.Store. Unless something was written within the
// last second, it writes a frame without events to the journal.
func (s *Store) Ready(ctx context.Context) error {
	select {
	case <-s.writer.stopped:
		return fmt.Errorf("not ready: %w", s.writer.reason)
	default:
	}
	last := s.writer.lastWrite.Load()
	if age := s.writer.clock().UnixNano() - last; last != 0 && 0 <= age && age < int64(readyFor) {
		return nil
	}
	if _, err := s.writer.submit(ctx, &request{}); err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	return nil
}
