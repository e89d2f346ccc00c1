package processtest

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"daybook/eventstore"
)

// cut is a way to a log that is cut off.
type cut struct {
	eventstore.Store

	mu    sync.Mutex
	steps int // until it is cut off; negative: it is not
	lost  int // the append whose answer is lost; 0: none
}

var errCut = fmt.Errorf("%w: cut off", eventstore.ErrUnavailable)

// step reports whether there is another step.
func (c *cut) step() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps == 0 {
		return false
	}
	c.steps--
	return true
}

// Read implements eventstore.Reader.
func (c *cut) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	if !c.step() {
		return func(yield func(eventstore.Recorded, error) bool) { yield(eventstore.Recorded{}, errCut) }
	}
	return c.Store.Read(ctx, stream, from, include...)
}

// Append implements eventstore.Store.
func (c *cut) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if !c.step() {
		return eventstore.Appended{}, errCut
	}
	appended, err := c.Store.Append(ctx, stream, expected, events...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost > 0 {
		if c.lost--; c.lost == 0 {
			return eventstore.Appended{}, errCut
		}
	}
	return appended, err
}
