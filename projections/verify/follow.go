package verify

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"daybook/eventstore"
)

const (
	// chunkEvents is how many events are handed on at one time, and chunkBytes how
	// much of them.
	chunkEvents = 512
	chunkBytes  = 1 << 20

	// chunksAhead bounds what is read and decoded before it is folded.
	chunksAhead = 8
)

// follower reads a log forwards, in steps. Events are read and decoded by
// others while those before them are folded.
type follower[T any] struct {
	log    eventstore.Reader
	decode func(into *T, event eventstore.Recorded)
	apply  func(ctx context.Context, decoded *T) error
	told   func(events uint64) // after every chunk; nil tells nobody

	include []eventstore.Include // parts of events that are needed

	last   eventstore.Recorded // that was applied, without its data
	events uint64              // that were applied
	free   chan *chunk[T]
}

// chunk is a piece of the log.
type chunk[T any] struct {
	events  []eventstore.Recorded
	decoded []T
	ready   chan struct{} // has one element when decoded is complete
}

// stop is a position at which there is something to do, when every event up
// to and including it is applied and none behind it.
type stop struct {
	position eventstore.Position
	then     func(context.Context) error
}

func newFollower[T any](log eventstore.Reader, decode func(*T, eventstore.Recorded), apply func(context.Context, *T) error) *follower[T] {
	f := &follower[T]{log: log, decode: decode, apply: apply, free: make(chan *chunk[T], chunksAhead)}
	for range chunksAhead {
		f.free <- &chunk[T]{ready: make(chan struct{}, 1)}
	}
	return f
}

// to applies the events up to and including a position.
func (f *follower[T]) to(ctx context.Context, position eventstore.Position) error {
	return f.through(ctx, []stop{{position, func(context.Context) error { return nil }}})
}

// through applies the events up to the last of some stops, in the order of
// their positions, and does at each what there is to do. It begins to read the
// log once, which may be dear.
func (f *follower[T]) through(ctx context.Context, stops []stop) error {
	if len(stops) == 0 {
		return nil
	}
	end := stops[len(stops)-1].position
	group, ctx := errgroup.WithContext(ctx)
	work := make(chan *chunk[T], chunksAhead)
	ordered := make(chan *chunk[T], chunksAhead)
	group.Go(func() error {
		defer close(work)
		defer close(ordered)
		if end <= f.last.Position {
			return nil
		}
		return f.read(ctx, f.last.Position, end, work, ordered)
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for c := range work {
				f.decodeChunk(c)
			}
			return nil
		})
	}
	group.Go(func() error { return f.applyAll(ctx, ordered, stops) })
	return group.Wait()
}

// read cuts the log into chunks. It passes each to those who decode and, in
// the order of the log, to the one who applies; both channels hold all chunks
// that there are.
func (f *follower[T]) read(ctx context.Context, after, to eventstore.Position, work, ordered chan<- *chunk[T]) error {
	var c *chunk[T]
	size := 0
	pass := func() {
		if c != nil && len(c.events) > 0 {
			work <- c
			ordered <- c
			c, size = nil, 0
		}
	}
	for event, err := range f.log.ReadAll(ctx, after, f.include...) {
		if err != nil {
			return fmt.Errorf("fold the log: %w", err)
		}
		if event.Position > to {
			break
		}
		if c == nil {
			select {
			case c = <-f.free:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		c.events = append(c.events, event)
		size += len(event.Data) + len(event.Metadata)
		if event.Position == to {
			break
		}
		if len(c.events) == chunkEvents || size >= chunkBytes {
			pass()
		}
	}
	pass()
	if c != nil {
		f.free <- c
	}
	return nil
}

func (f *follower[T]) decodeChunk(c *chunk[T]) {
	for len(c.decoded) < len(c.events) {
		var none T
		c.decoded = append(c.decoded, none)
	}
	for i := range c.events {
		f.decode(&c.decoded[i], c.events[i])
	}
	c.ready <- struct{}{}
}

func (f *follower[T]) applyAll(ctx context.Context, ordered <-chan *chunk[T], stops []stop) error {
	for c := range ordered {
		<-c.ready
		for i := range c.events {
			for c.events[i].Position > stops[0].position {
				if err := stops[0].then(ctx); err != nil {
					return err
				}
				stops = stops[1:]
			}
			if err := f.apply(ctx, &c.decoded[i]); err != nil {
				return err
			}
			f.last = c.events[i]
			f.last.Data, f.last.Metadata = nil, nil
			f.events++
		}
		clear(c.events)
		c.events = c.events[:0]
		if f.told != nil {
			f.told(f.events)
		}
		f.free <- c
	}
	if err := ctx.Err(); err != nil {
		return err // it may be why there was no more
	}
	for _, s := range stops {
		if err := s.then(ctx); err != nil {
			return err
		}
	}
	return nil
}
