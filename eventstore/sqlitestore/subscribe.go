package sqlitestore

import (
	"context"
	"fmt"
	"iter"

	"daybook/eventstore"
)

// Subscribe implements eventstore.Store. It marks every time that it has
// reached the end of the log and is about to wait.
//
// Nothing is queued for a subscriber: it takes pages at its own pace, and the
// writer only rings a bell. So a slow one costs nobody else anything.
func (s *Store) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	metadata := eventstore.Includes(include, eventstore.WithMetadata)
	return func(yield func(eventstore.Message, error) bool) {
		last, told := after, false
		for {
			appended := s.writer.appended.wait() // before reading, so that nothing falls between
			p, err := s.following(ctx, nil, last, metadata)
			if err != nil {
				yield(eventstore.Message{}, fmt.Errorf("subscribe: %w", err))
				return
			}
			for _, event := range p.events {
				if err := ctx.Err(); err != nil {
					yield(eventstore.Message{}, fmt.Errorf("subscribe: %w", err))
					return
				}
				last, told = event.Position, false
				if !yield(eventstore.Message{Event: &event, Position: last}, nil) {
					return
				}
			}
			if !p.last {
				continue
			}
			if !told && !yield(eventstore.Message{Position: last, CaughtUp: true}, nil) {
				return
			}
			told = true
			if err := s.wait(ctx, appended); err != nil {
				yield(eventstore.Message{}, fmt.Errorf("subscribe: %w", err))
				return
			}
		}
	}
}

// wait returns when something has been appended, or why nothing will be.
func (s *Store) wait(ctx context.Context, appended <-chan struct{}) error {
	select {
	case <-appended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.reader.pool.stopped:
		return s.reader.pool.reason
	}
}
