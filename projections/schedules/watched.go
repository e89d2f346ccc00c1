package schedules

import (
	"context"
	"errors"
	"iter"
	"time"

	"daybook/eventstore"
)

// watched makes a log that another process writes a Store that can be
// followed, by reading on now and then.
type watched struct{ eventstore.Reader }

// errReadOnly refuses what only the writer of a log may do.
var errReadOnly = errors.New("the log is open for reading")

func (watched) Append(context.Context, eventstore.StreamName, eventstore.Expected, ...eventstore.Event) (eventstore.Appended, error) {
	return eventstore.Appended{}, errReadOnly
}

func (watched) Ready(context.Context) error { return errReadOnly }

func (w watched) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			for event, err := range w.ReadAll(ctx, after, include...) {
				if err != nil {
					yield(eventstore.Message{}, err)
					return
				}
				after = event.Position
				if !yield(eventstore.Message{Position: after, Event: &event}, nil) {
					return
				}
			}
			if !yield(eventstore.Message{Position: after, CaughtUp: true}, nil) {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				yield(eventstore.Message{}, ctx.Err())
				return
			}
		}
	}
}
