package esdbserver

import (
	"context"
	"iter"
	"sync/atomic"

	"daybook/eventstore"
)

// log reads the log in both directions.
type log struct {
	store eventstore.Store
	view  view

	seen atomic.Uint64 // a position that the log is known to reach
}

// tailer is a store that knows its last position. Others are searched for it.
type tailer interface {
	Tail() (last eventstore.Position, unfiled int)
}

// end returns the position of the last event of the log.
func (l *log) end(ctx context.Context) (eventstore.Position, error) {
	if store, ok := l.store.(tailer); ok {
		last, _ := store.Tail()
		return last, nil
	}
	next, err := search(l.seen.Load()+1, func(from uint64) iter.Seq2[uint64, error] {
		return indexes(l.store.ReadAll(ctx, eventstore.Position(from-1)), byPosition)
	})
	if err != nil {
		return 0, err
	}
	l.reached(eventstore.Position(next - 1))
	return eventstore.Position(next - 1), nil
}

// reached notes how far the log goes at least.
func (l *log) reached(position eventstore.Position) {
	for {
		seen := l.seen.Load()
		if seen >= uint64(position) || l.seen.CompareAndSwap(seen, uint64(position)) {
			return
		}
	}
}

// length returns the number of events of a stream.
func (l *log) length(ctx context.Context, stream eventstore.StreamName, atLeast uint64) (uint64, error) {
	return search(atLeast, func(from uint64) iter.Seq2[uint64, error] {
		return indexes(l.store.Read(ctx, stream, eventstore.Revision(from)), byRevision)
	})
}

// stream reads a stream from a revision on, inclusive.
func (l *log) stream(ctx context.Context, stream eventstore.StreamName, from uint64) iter.Seq2[eventstore.Recorded, error] {
	return l.store.Read(ctx, stream, eventstore.Revision(from), eventstore.WithMetadata)
}

// streamBackwards reads the revisions of a stream in [low, high), the highest
// first.
func (l *log) streamBackwards(ctx context.Context, stream eventstore.StreamName, high, low, count uint64) iter.Seq2[eventstore.Recorded, error] {
	return backwards(high, low, count, byRevision, func(from uint64) iter.Seq2[eventstore.Recorded, error] {
		return l.stream(ctx, stream, from)
	})
}

// all reads the log from a position on, inclusive.
func (l *log) all(ctx context.Context, from eventstore.Position) iter.Seq2[eventstore.Recorded, error] {
	return l.store.ReadAll(ctx, max(from, 1)-1, eventstore.WithMetadata)
}

// allBackwards reads the log from the event before a position, the last first.
func (l *log) allBackwards(ctx context.Context, before eventstore.Position, count uint64) iter.Seq2[eventstore.Recorded, error] {
	return backwards(uint64(before), 1, count, byPosition, func(from uint64) iter.Seq2[eventstore.Recorded, error] {
		return l.all(ctx, eventstore.Position(from))
	})
}

func byPosition(e *eventstore.Recorded) uint64 { return uint64(e.Position) }
func byRevision(e *eventstore.Recorded) uint64 { return uint64(e.Revision) }

// indexes leaves of events their place.
func indexes(events iter.Seq2[eventstore.Recorded, error], index func(*eventstore.Recorded) uint64) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		for e, err := range events {
			if !yield(index(&e), err) {
				return
			}
		}
	}
}
