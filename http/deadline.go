package httpapi

import (
	"context"
	"sync/atomic"
	"time"
)

// deadlines hands out contexts that end by themselves, after a time or up to an
// eighth of it sooner. Whoever asks within such an eighth gets the same one: a
// timer for each request, set and deleted, costs two in a hundred of all callbacks.
type deadlines struct {
	after   time.Duration
	current atomic.Pointer[deadline]
}

// deadline is a context for all who ask before a time.
type deadline struct {
	context.Context
	before time.Time
}

// next returns a context for a request that begins now.
func (d *deadlines) next() context.Context {
	now := time.Now()
	if current := d.current.Load(); current != nil && now.Before(current.before) {
		return current
	}
	ctx, cancel := context.WithDeadline(context.Background(), now.Add(d.after))
	_ = cancel // nobody ends it for the others
	d.current.Store(&deadline{ctx, now.Add(d.after / 8)})
	return ctx
}
