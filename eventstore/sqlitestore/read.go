package sqlitestore

import (
	"context"
	"fmt"
	"iter"

	"daybook/eventstore"
)

// Read implements eventstore.Store.
//
// What is not filed is taken first, then what is not in the index, then the file
// is read: what moves meanwhile is then in both places, and nothing is in neither.
func (s *Store) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		hash := hashOf(stream)
		if s.writer.seen.never(hash) && ctx.Err() == nil && !s.reader.pool.isStopped() {
			return
		}
		newest := s.writer.recent.stream(stream, from)
		whole := len(newest) > 0 && newest[0].Revision == from
		q := query{stream: stream, hash: hash, from: from, metadata: eventstore.Includes(include, eventstore.WithMetadata)}
		if !whole {
			q.runs = s.filer.index.unindexed.runs(hash, from)
		}
		s.reader.read(ctx, q, newest, whole)(yield)
	}
}

// ReadAll implements eventstore.Store.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	metadata := eventstore.Includes(include, eventstore.WithMetadata)
	return func(yield func(eventstore.Recorded, error) bool) {
		last := after
		sequence(ctx, yield, func(buffer []eventstore.Recorded) (page, error) {
			p, err := s.following(ctx, buffer, last, metadata)
			if err != nil {
				return page{}, fmt.Errorf("read log: %w", err)
			}
			if n := len(p.events); n > 0 {
				last = p.events[n-1].Position
			}
			return p, nil
		})
	}
}

// following returns the page behind a position: from the file up to where the
// memory of recent events begins, then from there.
func (s *Store) following(ctx context.Context, buffer []eventstore.Recorded, after eventstore.Position, metadata bool) (page, error) {
	if p, ok := s.writer.recent.page(after, metadata); ok {
		return p, s.reader.pool.check(ctx)
	}
	p, err := s.reader.pool.page(ctx, buffer, query{whole: true, after: after, metadata: metadata})
	p.last = false // there is more in memory
	return p, err
}
