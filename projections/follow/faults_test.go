package follow_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"daybook/eventstore"
	"daybook/projections/follow"
)

var errInjected = errors.New("injected fault")

// faultyStore is a store whose subscriptions break.
type faultyStore struct {
	eventstore.Store

	// deliver passes messages of the n-th subscription (from 1) on. It returns
	// when the subscription is to end.
	deliver func(n int, messages iter.Seq2[eventstore.Message, error], yield func(eventstore.Message, error) bool)

	subscriptions atomic.Int64
}

func (s *faultyStore) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	n := int(s.subscriptions.Add(1))
	messages := s.Store.Subscribe(ctx, after, include...)
	return func(yield func(eventstore.Message, error) bool) { s.deliver(n, messages, yield) }
}

// breakAfter ends the first subscriptions after so many messages each: with
// an error if there is one, else without.
func breakAfter(messages, subscriptions int, err error) func(int, iter.Seq2[eventstore.Message, error], func(eventstore.Message, error) bool) {
	return func(n int, all iter.Seq2[eventstore.Message, error], yield func(eventstore.Message, error) bool) {
		left := messages
		for message, fault := range all {
			if n <= subscriptions && left == 0 {
				if err != nil {
					yield(eventstore.Message{}, err)
				}
				return
			}
			if !yield(message, fault) {
				return
			}
			left--
		}
	}
}

// faultyModel is a read model that fails around the calls of Apply.
type faultyModel struct {
	follow.Projector
	before func(call int) error // not written
	after  func(call int) error // written, but the answer is lost
	calls  int
	sizes  []int
}

func (m *faultyModel) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	m.calls++
	m.sizes = append(m.sizes, len(events))
	if m.before != nil {
		if err := m.before(m.calls); err != nil {
			return err
		}
	}
	if err := m.Projector.Apply(ctx, from, to, events); err != nil {
		return err
	}
	if m.after != nil {
		return m.after(m.calls)
	}
	return nil
}

// replaceable is a read model that is replaced by a copy while it is in use.
type replaceable struct {
	current atomic.Pointer[follow.Projector]
}

func newReplaceable(model follow.Projector) *replaceable {
	var r replaceable
	r.replace(model)
	return &r
}

func (r *replaceable) replace(model follow.Projector) { r.current.Store(&model) }

func (r *replaceable) Name() string     { return (*r.current.Load()).Name() }
func (r *replaceable) FoldVersion() int { return (*r.current.Load()).FoldVersion() }

func (r *replaceable) Load(ctx context.Context) (follow.Checkpoint, error) {
	return (*r.current.Load()).Load(ctx)
}

func (r *replaceable) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	return (*r.current.Load()).Apply(ctx, from, to, events)
}

// quiet adds a mark to a subscription that has caught up, as a store does that
// others write to: so many positions later, with no event between.
func quiet(positions eventstore.Position) func(int, iter.Seq2[eventstore.Message, error], func(eventstore.Message, error) bool) {
	return func(_ int, all iter.Seq2[eventstore.Message, error], yield func(eventstore.Message, error) bool) {
		for message, fault := range all {
			if !yield(message, fault) {
				return
			}
			if message.CaughtUp && !yield(eventstore.Message{Position: message.Position + positions}, nil) {
				return
			}
		}
	}
}
