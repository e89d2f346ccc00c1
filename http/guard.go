package httpapi

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// patience bounds how long a request waits for the log and the read models.
	patience = 2 * maxWait

	// recordTimeout bounds how long a request that writes waits for the log.
	recordTimeout = 5 * time.Second

	// The bounds of how many requests with a role run at once. Reads that wait for
	// a read model must not keep callbacks out, so each kind has its own.
	maxReading      = 256
	maxReadingToken = maxReading / 2 // of one token

	// Streams last, so they have room of their own. One token leaves some of its
	// connections to its reads.
	maxStreams      = 512
	maxStreamsToken = 384
)

// guard lets requests with a role in, as many as there is room for.
type guard struct {
	tokens      atomic.Pointer[Tokens]
	connections *Connections
	memory      *memory // of answers that are not written
	reading     *reading
	streaming   *reading
	wait        time.Duration // for min_position
}

func newGuard(connections *Connections) *guard {
	return &guard{
		connections: connections, memory: newMemory(),
		reading: newReading(maxReading, maxReadingToken), streaming: newReading(maxStreams, maxStreamsToken),
		wait: maxWait,
	}
}

// require lets a request through to h if a role allows it, and not too many
// are running. What it waits for ends after a while, or when the client hangs up.
func (g *guard) require(h handler, roles ...Role) handler {
	return g.admit(g.reading, func(w *call, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		return h(w, r.WithContext(ctx))
	}, roles)
}

// stream lets a request through whose answer lasts as long as the client wants it.
func (g *guard) stream(h handler, roles ...Role) handler { return g.admit(g.streaming, h, roles) }

func (g *guard) admit(room *reading, h handler, roles []Role) handler {
	return func(w *call, r *http.Request) error {
		who, err := g.tokens.Load().authorize(r, roles)
		if err != nil {
			return err
		}
		w.who, w.memory, w.wait = who, g.memory, g.wait
		w.allowed = func() bool {
			_, err := g.tokens.Load().authorize(r, roles)
			return err == nil
		}
		g.connections.authenticated(r.RemoteAddr, who)
		defer g.settle(w, r)
		actor := who.Actor()
		if err := room.take(actor); err != nil {
			return err
		}
		defer room.release(actor)
		return h(w, r)
	}
}

// settle keeps what was reserved for an answer until that has been written.
func (g *guard) settle(w *call, r *http.Request) {
	if w.reserved == nil {
		return
	}
	if !w.written {
		w.reserved.release() // the answer is a problem
		return
	}
	g.connections.afterWrite(r.RemoteAddr, w.reserved.release)
}

// recording returns the context of an append: it ends with the store's patience,
// not with the client's. A client that hangs up after the last byte has sent a
// request all the same.
func recording(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), recordTimeout)
}
