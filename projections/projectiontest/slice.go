package projectiontest

import (
	"context"
	"iter"

	"daybook/eventstore"
)

// Slice is a log of some events, to read from.
type Slice []eventstore.Recorded

// Read implements eventstore.Reader.
func (s Slice) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return s.those(ctx, func(e eventstore.Recorded) bool { return e.Stream == stream && e.Revision >= from })
}

// ReadAll implements eventstore.Reader.
func (s Slice) ReadAll(ctx context.Context, after eventstore.Position, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return s.those(ctx, func(e eventstore.Recorded) bool { return e.Position > after })
}

func (s Slice) those(ctx context.Context, wanted func(eventstore.Recorded) bool) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for _, e := range s {
			if err := ctx.Err(); err != nil {
				yield(eventstore.Recorded{}, err)
				return
			}
			if wanted(e) && !yield(e, nil) {
				return
			}
		}
	}
}
