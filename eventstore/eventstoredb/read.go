package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// Read implements eventstore.Store. After a fault it goes on behind the last
// event that was delivered.
func (s *Store) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		if stream == eventstore.LogStream {
			if err := s.ensureNamed(ctx); err != nil {
				yield(eventstore.Recorded{}, fmt.Errorf("read %s: %w", stream, err))
				return
			}
		}
		s.stream(ctx, stream, from, include...)(yield)
	}
}

func (s *Store) stream(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		next := from
		s.sequence(ctx, yield, reading{
			what:     "read " + string(stream),
			metadata: eventstore.Includes(include, eventstore.WithMetadata),
			options:  func() *streams.ReadReq_Options { return streamOptions(s.namespace.full(stream), next) },
			accept: func(e *eventstore.Recorded) (bool, error) {
				if e.Revision != next {
					return false, gap(stream, e.Revision, next)
				}
				next++
				return true, nil
			},
			ended: func(ctx context.Context, n *node) error {
				if next > from || !s.suspect.Load() && !eventstore.Includes(include, eventstore.MustExist) {
					return nil
				}
				return s.examine(ctx, n, stream, from)
			},
		})
	}
}

// ReadAll implements eventstore.Store. After a fault it goes on behind the last
// event that was delivered.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		last := after
		s.sequence(ctx, yield, reading{
			what:     "read log",
			metadata: eventstore.Includes(include, eventstore.WithMetadata),
			options:  func() *streams.ReadReq_Options { return s.allOptions(last) },
			accept: func(e *eventstore.Recorded) (bool, error) {
				if e.Position <= last {
					return false, nil // the position to begin at is inclusive
				}
				last = e.Position
				return true, nil
			},
		})
	}
}

// reading is what tells reads apart.
type reading struct {
	what     string // for errors
	metadata bool

	// options of a request for what was not delivered yet.
	options func() *streams.ReadReq_Options

	// accept reports whether an event is to be delivered.
	accept func(*eventstore.Recorded) (bool, error)

	// ended, if not nil, is asked when the server has said that there are no more.
	ended func(context.Context, *node) error
}

// errStopped says that the consumer wants no more.
var errStopped = errors.New("stopped")

// sequence delivers events until the server has said that there are no more.
func (s *Store) sequence(ctx context.Context, yield func(eventstore.Recorded, error) bool, r reading) {
	err := s.retry(ctx, s.patience, func(n *node) (progress bool, err error) {
		err = n.read(ctx, r.options(), func(answer *streams.ReadResp) error {
			if answer.GetEvent() == nil {
				return nil // no such stream, which is an empty one, or a position
			}
			e, ok, err := s.event(ctx, n, answer.GetEvent(), r.metadata)
			if err != nil || !ok {
				return err
			}
			if ok, err := r.accept(&e); err != nil || !ok {
				return err
			}
			progress = true
			return deliver(ctx, yield, e)
		})
		if err == nil && r.ended != nil {
			err = r.ended(ctx, n)
		}
		return progress, err
	})
	if err != nil && !errors.Is(err, errStopped) {
		yield(eventstore.Recorded{}, fmt.Errorf("%s: %w", r.what, unavailable(err)))
	}
}

// deliver hands an element to the consumer, unless ctx has ended.
func deliver[E any](ctx context.Context, yield func(E, error) bool, element E) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !yield(element, nil) {
		return errStopped
	}
	return nil
}

// read calls back with every answer until the server ends the call.
func (n *node) read(ctx context.Context, options *streams.ReadReq_Options, answer func(*streams.ReadResp) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the call if answer does not want more
	call, err := n.streams.Read(n.outgoing(ctx), &streams.ReadReq{Options: options})
	if err != nil {
		return err
	}
	for {
		response, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return failed(askedBy(options), call, err)
		}
		if err := answer(response); err != nil {
			return err
		}
	}
}

func askedBy(options *streams.ReadReq_Options) operation {
	if options.GetAll() != nil {
		return readingAll
	}
	return readingStream
}

func streamOptions(stream string, from eventstore.Revision) *streams.ReadReq_Options {
	return &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
			StreamIdentifier: identifier(stream),
			RevisionOption:   &streams.ReadReq_Options_StreamOptions_Revision{Revision: uint64(from)},
		}},
		CountOption:  everything,
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption:   structured,
	}
}

// allOptions asks for our streams' events, and for what is said about our
// streams, from a position on: inclusive for a read of a count, exclusive for a
// subscription.
func (s *Store) allOptions(from eventstore.Position) *streams.ReadReq_Options {
	return &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_All{All: allFrom(from)},
		CountOption:  everything,
		FilterOption: filterOf(s.namespace.prefix, metadataPrefix+s.namespace.prefix),
		UuidOption:   structured,
	}
}

func allFrom(position eventstore.Position) *streams.ReadReq_Options_AllOptions {
	if position == 0 {
		return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}
	}
	return &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Position{
		Position: &streams.ReadReq_Options_Position{CommitPosition: uint64(position), PreparePosition: uint64(position)},
	}}
}

const (
	// searchWindow is how many events the server looks at before it tells a
	// filtered subscription how far it has come, even if none was ours.
	searchWindow = 1000

	// checkpointInterval is after how many windows it says so.
	checkpointInterval = 1
)

// filterOf asks for streams by the beginnings of their names.
func filterOf(prefixes ...string) *streams.ReadReq_Options_Filter {
	return &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
		Filter: &streams.ReadReq_Options_FilterOptions_StreamIdentifier{
			StreamIdentifier: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: prefixes},
		},
		Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: searchWindow},
		CheckpointIntervalMultiplier: checkpointInterval,
	}}
}

var (
	everything = &streams.ReadReq_Options_Count{Count: math.MaxInt64}
	structured = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}}
)
