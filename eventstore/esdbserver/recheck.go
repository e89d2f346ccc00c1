package esdbserver

import (
	"context"
	"sync"
)

// errRevoked ends a call whose credentials are good no more.
var errRevoked = unauthenticated()

// openCalls are the calls of those who have authenticated. A subscription may go on
// for longer than its credentials are good.
type openCalls struct {
	good func(caller) bool

	mu   sync.Mutex
	open map[*openCall]struct{}
}

type openCall struct {
	who caller
	end context.CancelCauseFunc
}

func newOpenCalls(good func(caller) bool) *openCalls {
	return &openCalls{good: good, open: make(map[*openCall]struct{})}
}

// add returns the context of a call that ends when recheck finds its credentials
// good no more. They are asked about once more: between the first time and now
// there may have been a recheck, which did not know of this call.
func (o *openCalls) add(ctx context.Context, who caller) context.Context {
	ctx, end := context.WithCancelCause(ctx)
	c := &openCall{who, end}
	o.mu.Lock()
	o.open[c] = struct{}{}
	o.mu.Unlock()
	context.AfterFunc(ctx, func() {
		end(nil)
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.open, c)
	})
	if !o.good(who) {
		end(errRevoked)
	}
	return ctx
}

// recheck ends the calls whose credentials are good no more.
func (o *openCalls) recheck() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for c := range o.open {
		if !o.good(c.who) {
			c.end(errRevoked) // what follows from it runs in a goroutine of its own
		}
	}
}

// endOf returns what is answered to a call that has failed: if recheck has ended it,
// that.
func endOf(ctx context.Context, err error) error {
	if err != nil && context.Cause(ctx) == errRevoked {
		return errRevoked
	}
	return err
}
