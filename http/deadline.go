package httpapi

import (
	"context"
	"sync/atomic"
	"time"
)

// deadlines hands out contexts that end by themselves. Whoever asks within the
// same moment gets the same one: a timer for each request, set and deleted, costs
// two in a hundred of all callbacks.
type deadlines struct {
	after   time.Duration // a context ends after this, or an eighth later
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
	shared := d.after / 8
	ctx, cancel := context.WithDeadline(context.Background(), now.Add(shared+d.after))
	context.AfterFunc(ctx, cancel)
	d.current.Store(&deadline{ctx, now.Add(shared)})
	return ctx
}
