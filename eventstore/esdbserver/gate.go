package esdbserver

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"daybook/http/connlimit"
)

// Access is what somebody may do.
type Access uint8

// Each includes the ones before it. Writing is of use in a scratch log only.
const (
	Denied Access = iota
	Reading
	Writing
)

// gate stands before every call: who is it, is there room, is this the leader.
type gate struct {
	options   Options
	limit     *connlimit.Limit
	users     connlimit.Room // the connections of those who have authenticated
	calls     *shares
	strangers *shares // the calls of nobody known
	open      *openCalls
}

func newGate(options Options) *gate {
	g := &gate{
		options:   options,
		users:     connlimit.Room{Most: options.MaxConnections, Share: userConnections},
		calls:     newShares(options.MaxCalls, userCalls),
		strangers: newShares(max(options.MaxCalls/8, 1), 0),
	}
	strangers := connlimit.Room{Most: options.MaxConnections, Share: strangerShare, Patience: strangerPatience, Strangers: true}
	g.open = newOpenCalls(func(who caller) bool { return options.Credentials(who.user, who.password) >= who.access })
	if options.AllowAnonymous {
		g.users.Share, strangers.Share = 0, 0
		g.calls.share = options.MaxCalls
	}
	g.limit = connlimit.New(func(netip.Addr) *connlimit.Room { return &strangers }, 0)
	return g
}

// listen bounds the connections of a listener.
func (g *gate) listen(listener net.Listener) net.Listener {
	if g.options.AllowAnonymous {
		listener = netutil.LimitListener(listener, g.options.MaxConnections)
	}
	return g.limit.Listen(listener)
}

// strangerTimeout bounds the calls of those who have not authenticated. All
// that they may do is short, and they take no room from others.
const strangerTimeout = 5 * time.Second

type callerKey struct{}

// caller is who calls.
type caller struct {
	user, password string
	access         Access
}

func callerOf(ctx context.Context) caller {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who
}

// accessOf returns what the caller may do.
func accessOf(ctx context.Context) Access { return callerOf(ctx).access }

// admit runs before anything of a call is read, so that strangers cost next to
// no memory; of an append a little is read all the same, see readALittle. It
// runs in the goroutine that reads the connection.
func (g *gate) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	who := g.identify(info.Header)
	if who.access < Reading && !isPublic(info.FullMethodName) && info.FullMethodName != streams.Streams_Append_FullMethodName {
		return nil, unauthenticated()
	}
	open := g.calls
	if who.access < Reading {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, strangerTimeout)
		context.AfterFunc(ctx, cancel)
		open = g.strangers
	} else if !g.authenticated(ctx, who) {
		return nil, exhausted("too many connections are open: %d of all users or %d of one; make calls over the same connection, or end others", g.users.Most, g.users.Share)
	}
	if !open.take(who.user) {
		return nil, exhausted("too many calls are open: %d of all users or %d of one; end others first", open.most, open.share)
	}
	if who.access >= Reading && !g.options.AllowAnonymous {
		ctx = g.open.add(ctx, who)
	}
	context.AfterFunc(ctx, func() { open.release(who.user) }) // ctx ends with the call
	return context.WithValue(ctx, callerKey{}, who), nil
}

// authenticated takes the connection of a call out of the room of strangers.
func (g *gate) authenticated(ctx context.Context, who caller) bool {
	from, ok := peer.FromContext(ctx)
	return !ok || g.limit.Authenticated(from.Addr.String(), &g.users, who.user)
}

func exhausted(format string, args ...any) error {
	return status.Error(codes.ResourceExhausted, fmt.Sprintf(format, args...))
}

// isPublic reports whether clients call a method before they authenticate:
// while they connect. Neither says anything about the log.
func isPublic(method string) bool {
	return strings.HasPrefix(method, "/event_store.client.server_features.") || strings.HasPrefix(method, "/event_store.client.gossip.")
}

// identify denies for no credentials and for wrong ones.
func (g *gate) identify(header metadata.MD) caller {
	if g.options.AllowAnonymous {
		return caller{access: Writing}
	}
	values := header.Get("authorization")
	if len(values) == 0 {
		return caller{}
	}
	user, password, ok := parseBasic(values[0])
	if !ok {
		return caller{}
	}
	if access := g.options.Credentials(user, password); access >= Reading {
		return caller{user, password, access}
	}
	return caller{} // whoever it says that it is
}

func unauthenticated() error { return status.Error(codes.Unauthenticated, "Unauthenticated") }

// parseBasic reads credentials as in RFC 7617.
func parseBasic(header string) (user, password string, ok bool) {
	scheme, encoded, found := strings.Cut(header, " ")
	if !found || !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(decoded), ":")
}

func (g *gate) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := g.checkLeader(ctx, info.FullMethod); err != nil {
		return nil, answer(ctx, err)
	}
	response, err := handler(ctx, request)
	return response, answer(ctx, endOf(ctx, err))
}

func (g *gate) stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	err := g.checkLeader(stream.Context(), info.FullMethod)
	if accessOf(stream.Context()) < Reading {
		err = unauthenticated()
	}
	if err != nil {
		if info.FullMethod == streams.Streams_Append_FullMethodName {
			readALittle(stream)
		}
		return answer(stream.Context(), err)
	}
	return answer(stream.Context(), endOf(stream.Context(), handler(server, stream)))
}

// readALittle reads the beginning of an append that is refused unseen: a client
// that is still sending when the call ends reports that, and not why.
func readALittle(stream grpc.ServerStream) {
	const messages, patience = 4, time.Second
	done := make(chan struct{})
	go func() { // ends with the call
		defer close(done)
		for range messages {
			if stream.RecvMsg(new(streams.AppendReq)) != nil {
				return
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(patience):
	}
}

// checkLeader refuses what only the leader does: calls that say so, and all
// calls of persistent subscriptions.
func (g *gate) checkLeader(ctx context.Context, method string) error {
	if g.options.Leader == nil {
		return nil
	}
	required := strings.HasPrefix(method, "/event_store.client.persistent_subscriptions.")
	for _, value := range metadata.ValueFromIncomingContext(ctx, "requires-leader") {
		required = required || strings.EqualFold(value, "true")
	}
	if !required {
		return nil
	}
	if leader := g.options.Leader(); leader != "" {
		return notLeader(leader)
	}
	return nil
}
