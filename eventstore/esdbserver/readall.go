package esdbserver

import (
	"context"
	"iter"
	"math"

	"daybook/eventstore"
)

// readAll delivers events of all streams: forwards from a position inclusive,
// backwards from one exclusive.
func (s *service) readAll(ctx context.Context, q query, out *sender) error {
	events, err := s.allFrom(ctx, q)
	if err != nil {
		return err
	}
	left := q.count
	for recorded, err := range events {
		if err != nil {
			return err
		}
		e, shown, err := s.log.view.served(ctx, &recorded)
		if err != nil {
			return err
		}
		if !shown || !q.filter.matches(&e) {
			continue
		}
		if err := out.event(&e); err != nil {
			return err
		}
		if left--; left == 0 {
			return nil
		}
	}
	return nil
}

func (s *service) allFrom(ctx context.Context, q query) (iter.Seq2[eventstore.Recorded, error], error) {
	var end eventstore.Position
	if q.backwards || q.where == atEnd {
		var err error
		if end, err = s.log.end(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case q.backwards && q.where == atStart:
		return none, nil
	case q.backwards && q.where == at:
		return s.log.allBackwards(ctx, min(eventstore.Position(q.from), end+1), q.wanted()), nil
	case q.backwards:
		return s.log.allBackwards(ctx, end+1, q.wanted()), nil
	case q.where == atEnd:
		return s.log.all(ctx, end+1), nil
	default:
		return s.log.all(ctx, eventstore.Position(min(q.from, math.MaxInt64))), nil
	}
}

// wanted is how many events have to be looked at, as far as is known.
func (q query) wanted() uint64 {
	if q.filter != nil {
		return math.MaxUint64
	}
	return q.count
}

func none(func(eventstore.Recorded, error) bool) {}
