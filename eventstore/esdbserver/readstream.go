package esdbserver

import (
	"context"
	"iter"
	"math"
	"time"

	"daybook/eventstore"
)

// readStream delivers the events of one stream. A stream that does not exist
// is an answer, not an error.
func (s *service) readStream(ctx context.Context, q query, out *sender) error {
	shown, err := s.log.lifetime(ctx, q.stream)
	if err != nil {
		return err
	}
	if shown.tombstoned {
		return streamDeleted(q.stream)
	}
	name, ok := s.log.view.stored(q.stream)
	if !ok || shown.first == softDeleted {
		return out.notFound(q.stream)
	}
	events, err := s.streamFrom(ctx, q, name, shown)
	if err != nil {
		return err
	}
	any, err := s.sendStream(ctx, q, events, shown, out)
	if err != nil || any {
		return err
	}
	if exists, err := s.exists(ctx, name); err != nil || exists {
		return err
	}
	return out.notFound(q.stream)
}

// sendStream reports whether there was any event, shown or not.
func (s *service) sendStream(ctx context.Context, q query, events iter.Seq2[eventstore.Recorded, error], shown lifetime, out *sender) (any bool, err error) {
	left, now := q.count, time.Now()
	for recorded, err := range events {
		if err != nil {
			return any, err
		}
		any = true
		e, ok, err := s.log.view.served(ctx, &recorded)
		if err != nil {
			return any, err
		}
		if !ok || !shown.shows(&e, now) {
			continue
		}
		if err := out.event(&e); err != nil {
			return any, err
		}
		if left--; left == 0 {
			break
		}
	}
	return any, nil
}

// streamFrom returns the events that a query asks for, those that are too old
// included.
func (s *service) streamFrom(ctx context.Context, q query, name eventstore.StreamName, shown lifetime) (iter.Seq2[eventstore.Recorded, error], error) {
	low := shown.first
	if !q.backwards && shown.maxCount == 0 {
		return s.log.stream(ctx, name, min(max(q.from, low), math.MaxInt64)), nil
	}
	length, err := s.log.length(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	if shown.maxCount > 0 && length > shown.maxCount {
		low = max(low, length-shown.maxCount)
	}
	if !q.backwards {
		return s.log.stream(ctx, name, min(max(q.from, low), math.MaxInt64)), nil
	}
	high := length
	if q.where != atEnd {
		high = min(q.from, math.MaxInt64) + 1
	}
	return s.log.streamBackwards(ctx, name, min(high, length), low, q.count), nil
}

func (s *service) exists(ctx context.Context, name eventstore.StreamName) (bool, error) {
	for _, err := range s.log.store.Read(ctx, name, 0) {
		return err == nil, err
	}
	return false, nil
}
