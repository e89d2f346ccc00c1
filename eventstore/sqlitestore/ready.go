package sqlitestore

import (
	"context"
	"fmt"
	"time"
)

// readyFor is how long a write proves that the next one would succeed.
const readyFor = time.Second

// Ready implements eventstore.Store. Unless something was written within the
// last second, it writes a frame without events to the journal. After an append
// that found no room, it is one that takes up as much: a smaller one may fit in
// where no callback does.
func (s *Store) Ready(ctx context.Context) error {
	select {
	case <-s.writer.failed:
		return fmt.Errorf("not ready: %w", s.writer.failure)
	case <-s.writer.stopped:
		return fmt.Errorf("not ready: %w", s.writer.reason)
	default:
	}
	refused := s.writer.refused.Load()
	last := s.writer.lastWrite.Load()
	if age := s.writer.clock().UnixNano() - last; refused == 0 && last != 0 && 0 <= age && age < int64(readyFor) {
		return nil
	}
	if _, err := s.writer.submit(ctx, &request{records: make([]byte, refused)}); err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	return nil
}
