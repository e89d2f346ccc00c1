package esdbserver

import (
	"context"
	"math"

	"daybook/eventstore"
)

// followAll delivers the events of all streams after a position, and goes on
// with those that are appended.
func (s *service) followAll(ctx context.Context, q query, out *sender) error {
	after := eventstore.Position(min(q.from, math.MaxInt64))
	if q.where == atEnd {
		var err error
		if after, err = s.log.end(ctx); err != nil {
			return err
		}
	}
	if err := out.confirmation(); err != nil {
		return err
	}
	f := &follower{log: s.log, out: out, filter: q.filter}
	for message, err := range s.log.store.Subscribe(ctx, after, eventstore.WithMetadata) {
		if err != nil {
			return err
		}
		if err := f.take(ctx, message); err != nil {
			return err
		}
	}
	return nil
}

// follower turns messages of a store into those of a subscription.
type follower struct {
	log    *log
	out    *sender
	filter *filter

	looked uint64 // events since the last checkpoint
	live   bool
}

func (f *follower) take(ctx context.Context, message eventstore.Message) error {
	if message.Event == nil {
		return f.mark(message)
	}
	e, shown, err := f.log.view.served(ctx, message.Event)
	if err != nil {
		return err
	}
	if shown && f.filter.matches(&e) {
		if err := f.out.event(&e); err != nil {
			return err
		}
	}
	if f.filter == nil {
		return nil
	}
	// A checkpoint comes behind the event that it covers, so that resuming from
	// it misses nothing.
	if f.looked++; f.looked >= f.filter.interval {
		f.looked = 0
		return f.out.checkpoint(message.Position)
	}
	return nil
}

// mark tells a subscription once that it is live, and how far that is: in a
// quiet log with a filter that nothing passes, it may be long until the next
// checkpoint.
func (f *follower) mark(message eventstore.Message) error {
	if f.live || !message.CaughtUp {
		return nil
	}
	f.live = true
	if f.looked > 0 {
		f.looked = 0
		if err := f.out.checkpoint(message.Position); err != nil {
			return err
		}
	}
	return f.out.caughtUp()
}

// followStream delivers the events of one stream after a revision, and goes on
// with those that are appended. It waits for a stream that does not exist.
func (s *service) followStream(ctx context.Context, q query, out *sender) error {
	shown, err := s.log.lifetime(ctx, q.stream)
	if err != nil {
		return err
	}
	if shown.tombstoned {
		return streamDeleted(q.stream)
	}
	// The log is followed from an end that is known before the stream is read:
	// what is appended meanwhile is then in both, and nothing is in neither.
	end, err := s.log.end(ctx)
	if err != nil {
		return err
	}
	next, err := s.firstToFollow(ctx, q, shown)
	if err != nil {
		return err
	}
	if err := out.confirmation(); err != nil {
		return err
	}
	if name, ok := s.log.view.stored(q.stream); ok && shown.first != softDeleted {
		for recorded, err := range s.log.stream(ctx, name, next) {
			if err != nil {
				return err
			}
			next = uint64(recorded.Revision) + 1
			e, ok, err := s.log.view.served(ctx, &recorded)
			if err == nil && ok {
				err = out.event(&e)
			}
			if err != nil {
				return err
			}
		}
	}
	return s.followLive(ctx, q.stream, next, end, out)
}

// firstToFollow returns the revision of the first event to deliver.
func (s *service) firstToFollow(ctx context.Context, q query, shown lifetime) (uint64, error) {
	switch q.where {
	case at:
		return max(min(q.from, math.MaxInt64-1)+1, shown.firstShown()), nil
	case atEnd:
		name, ok := s.log.view.stored(q.stream)
		if !ok {
			return 0, nil
		}
		return s.log.length(ctx, name, 0)
	default:
		return shown.firstShown(), nil
	}
}

// firstShown is 0 for a deleted stream: it goes on at any revision.
func (t lifetime) firstShown() uint64 {
	if t.first == softDeleted {
		return 0
	}
	return t.first
}

// followLive delivers the events of a stream from a revision on that are
// behind a position of the log.
func (s *service) followLive(ctx context.Context, stream string, next uint64, after eventstore.Position, out *sender) error {
	live := false
	for message, err := range s.log.store.Subscribe(ctx, after, eventstore.WithMetadata) {
		if err != nil {
			return err
		}
		if message.Event == nil {
			if message.CaughtUp && !live {
				live = true
				if err := out.caughtUp(); err != nil {
					return err
				}
			}
			continue
		}
		e, ok, err := s.log.view.served(ctx, message.Event)
		if err != nil {
			return err
		}
		if !ok || e.stream != stream || e.revision < next {
			continue
		}
		if e.isTombstone() {
			return streamDeleted(stream)
		}
		next = e.revision + 1
		if err := out.event(&e); err != nil {
			return err
		}
	}
	return nil
}
