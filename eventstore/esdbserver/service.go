package esdbserver

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// service answers the calls about streams.
type service struct {
	streams.UnimplementedStreamsServer

	log      *log
	writer   *writer // nil unless the log is written to
	most     int     // bytes of an append
	stopping context.Context

	subscriptions *shares
}

func newService(stopping context.Context, l *log, options Options) *service {
	s := &service{log: l, most: options.MaxAppendBytes, stopping: stopping, subscriptions: newShares(options.MaxCalls, userSubscriptions)}
	if options.AllowAnonymous {
		s.subscriptions.share = 0
	}
	if options.Writable {
		s.writer = newWriter(l)
	}
	return s
}

// mayWrite returns why the caller may not change anything, if so.
func (s *service) mayWrite(ctx context.Context, stream string) error {
	if s.writer == nil || accessOf(ctx) < Writing || stream == "$all" {
		return accessDenied()
	}
	return nil
}

// Read implements streams.StreamsServer.
func (s *service) Read(request *streams.ReadReq, to streams.Streams_ReadServer) error {
	q, err := parseQuery(request)
	if err != nil {
		return err
	}
	out := &sender{to: to, encoder: encoder{textIDs: q.textIDs}}
	switch {
	case q.follow && q.stream != "":
		return s.live(to.Context(), func(ctx context.Context) error { return s.followStream(ctx, q, out) })
	case q.follow:
		return s.live(to.Context(), func(ctx context.Context) error { return s.followAll(ctx, q, out) })
	case q.stream != "":
		return s.readStream(to.Context(), q, out)
	default:
		return s.readAll(to.Context(), q, out)
	}
}

// live runs a subscription until the client ends it or the server stops.
func (s *service) live(ctx context.Context, follow func(context.Context) error) error {
	user := callerOf(ctx).user
	if !s.subscriptions.take(user) {
		return exhausted("this user has %d subscriptions open and may have no more: end others, or follow all streams with one", s.subscriptions.share)
	}
	defer s.subscriptions.release(user)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	err := follow(ctx)
	if s.stopping.Err() != nil {
		return shuttingDown()
	}
	return err
}
