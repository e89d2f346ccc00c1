package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"

	"github.com/cenkalti/backoff/v5"
)

// changes tells listeners that streams have new events. It follows the log with one
// subscription for all of them.
type changes struct {
	store  eventstore.Store
	model  *follow.Projection // its checkpoint is the end of the log, once it has caught up
	logger *slog.Logger
	ended  chan struct{} // closed when run has returned

	mu        sync.Mutex
	listeners map[eventstore.StreamName]map[*listener]struct{}
}

// listener hears of one stream.
type listener struct {
	stream eventstore.StreamName
	news   chan eventstore.Position // has the newest that was not received yet
}

func newChanges(store eventstore.Store, model *follow.Projection, logger *slog.Logger) *changes {
	return &changes{
		store: store, model: model, logger: logger, ended: make(chan struct{}),
		listeners: make(map[eventstore.StreamName]map[*listener]struct{}),
	}
}

// run follows the log until ctx ends. It is called once.
func (c *changes) run(ctx context.Context) {
	defer close(c.ended)
	for errors.Is(c.model.Ready(math.MaxInt64), follow.ErrBehind) {
		if follow.Rest(ctx, 100*time.Millisecond) != nil {
			return
		}
	}
	last := c.model.Status().Position()
	c.tellAll(last)
	delays := &backoff.ExponentialBackOff{
		InitialInterval: 100 * time.Millisecond, MaxInterval: 10 * time.Second, Multiplier: 2, RandomizationFactor: 0.5,
	}
	for ctx.Err() == nil {
		for message, err := range c.store.Subscribe(ctx, last) {
			if err != nil {
				if ctx.Err() == nil {
					c.logger.Warn("the log is not followed for changes of orders; trying again", "error", err)
				}
				break
			}
			delays.Reset()
			last = message.Position
			if message.Event != nil {
				c.tell(message.Event.Stream, last)
			}
		}
		_ = follow.Rest(ctx, delays.NextBackOff())
	}
}

// listen makes a listener of a stream. The caller ends it with leave.
func (c *changes) listen(stream eventstore.StreamName) *listener {
	l := &listener{stream, make(chan eventstore.Position, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listeners[stream] == nil {
		c.listeners[stream] = make(map[*listener]struct{})
	}
	c.listeners[stream][l] = struct{}{}
	return l
}

func (c *changes) leave(l *listener) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.listeners[l.stream], l)
	if len(c.listeners[l.stream]) == 0 {
		delete(c.listeners, l.stream)
	}
}

func (c *changes) tell(stream eventstore.StreamName, position eventstore.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners[stream] {
		l.hear(position)
	}
}

// tellAll is for those who came before the log was followed.
func (c *changes) tellAll(position eventstore.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, all := range c.listeners {
		for l := range all {
			l.hear(position)
		}
	}
}

// hear replaces what was not received yet. The caller holds the lock.
func (l *listener) hear(position eventstore.Position) {
	select {
	case <-l.news:
	default:
	}
	l.news <- position
}
