package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"iter"

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
		err := s.retry(ctx, func(n *node) (bool, error) { return f.once(ctx, n) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(eventstore.Message{}, fmt.Errorf("subscribe: %w: %w", eventstore.ErrUnavailable, err))
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

// once follows one subscription to its end. It has made progress as soon as the
// server has confirmed it.
func (f *following) once(ctx context.Context, n *node) (confirmed bool, err error) {
	options := f.store.allOptions(f.last)
	options.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	err = n.read(ctx, options, func(answer *streams.ReadResp) error {
		confirmed = true
		message, err := f.message(answer)
		if err != nil || message == nil {
			return err
		}
		return deliver(ctx, f.yield, *message)
	})
	if err == nil {
		err = errEnded
	}
	return confirmed, err
}

// message translates an answer; nil is one that says nothing new.
func (f *following) message(answer *streams.ReadResp) (*eventstore.Message, error) {
	switch content := answer.GetContent().(type) {
	case *streams.ReadResp_Event:
		e, err := f.store.recorded(content.Event, f.metadata)
		if err != nil {
			return nil, err
		}
		if e.Position <= f.last {
			return nil, nil
		}
		f.last = e.Position
		return &eventstore.Message{Event: &e, Position: f.last}, nil
	case *streams.ReadResp_Checkpoint_:
		if position := eventstore.Position(content.Checkpoint.GetCommitPosition()); position > f.last {
			f.last = position
			return &eventstore.Message{Position: f.last}, nil
		}
	case *streams.ReadResp_CaughtUp_:
		return &eventstore.Message{Position: f.last, CaughtUp: true}, nil
	}
	return nil, nil
}
