package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// Subscribe implements eventstore.Store. It marks how far it has come through
// events of others, and that it has reached the end. When the server ends the
// subscription, because it stops, is no longer the leader, or finds the consumer
// too slow, it is taken up again behind what was delivered.
func (s *Store) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		f := following{store: s, last: after, metadata: eventstore.Includes(include, eventstore.WithMetadata), yield: yield}
		err := s.retry(ctx, subscribePatience, func(n *node) (bool, error) { return f.once(ctx, n) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(eventstore.Message{}, fmt.Errorf("subscribe: %w", unavailable(err)))
		}
	}
}

// following is a subscription, however often it is taken up.
type following struct {
	store    *Store
	last     eventstore.Position // up to which all was delivered
	metadata bool
	yield    func(eventstore.Message, error) bool
}

// errEnded says that the server has ended a subscription without an error.
var errEnded = errors.New("the server has ended the subscription")

// subscribePatience is how long a subscription is taken up again in silence. Who
// follows it has to know soon that it is behind.
const subscribePatience = 2 * time.Second

// once follows one subscription to its end. It has made progress if it has come
// further, or has lasted: to be confirmed is none, because a server does that
// before it finds that it cannot read.
func (f *following) once(ctx context.Context, n *node) (progress bool, err error) {
	started, before := time.Now(), f.last
	options := f.store.allOptions(f.last)
	options.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	err = n.read(ctx, options, func(answer *streams.ReadResp) error {
		message, err := f.message(ctx, n, answer)
		if err != nil || message == nil {
			return err
		}
		return deliver(ctx, f.yield, *message)
	})
	if err == nil {
		err = errEnded
	}
	return f.last > before || time.Since(started) > subscribePatience, err
}

// positionOf returns the position of a record that the server has come past.
// Version 25 also sends the place of the next record, as (place, 0), and version
// 24.10 the end of the log, as (-1, -1): nothing can be concluded from either.
func positionOf(c *streams.ReadResp_Checkpoint) (eventstore.Position, bool) {
	position := c.GetCommitPosition()
	return eventstore.Position(position), position == c.GetPreparePosition() && position <= math.MaxInt64
}

// message translates an answer; nil is one that says nothing new.
func (f *following) message(ctx context.Context, n *node, answer *streams.ReadResp) (*eventstore.Message, error) {
	switch content := answer.GetContent().(type) {
	case *streams.ReadResp_Event:
		e, ok, err := f.store.event(ctx, n, content.Event, f.metadata)
		if err != nil || !ok {
			return nil, err
		}
		if e.Position <= f.last {
			return nil, nil
		}
		f.last = e.Position
		return &eventstore.Message{Event: &e, Position: f.last}, nil
	case *streams.ReadResp_Checkpoint_:
		if position, ok := positionOf(content.Checkpoint); ok && position > f.last {
			f.last = position
			return &eventstore.Message{Position: f.last}, nil
		}
	case *streams.ReadResp_CaughtUp_:
		return &eventstore.Message{Position: f.last, CaughtUp: true}, nil
	}
	return nil, nil
}
