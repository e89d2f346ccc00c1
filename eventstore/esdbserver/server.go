// Package esdbserver serves a log over the gRPC protocol of EventStoreDB, so
// that its clients, in any language, can read, replay and follow the log. It
// knows nothing of payments, and a store by the contract alone.
//
// A log is served for reading only: stored names are served as they are, and
// every write is answered with access denied, because the log is append-only
// and has one writer, which is not a stranger. The exception is a scratch log
// (see CreateScratch), made for tests and tools: it takes any stream and any
// event that EventStoreDB takes, deletes included.
//
// What the protocol has beyond the contract of eventstore.Store is made here:
// reading backwards, appends without an expectation, metadata streams, deletes.
// The answers follow EventStoreDB 23.10.
package esdbserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"daybook/eventstore"
)

// Options say how a log is served. The zero value of everything but
// Credentials has a default.
type Options struct {
	// Credentials says what a user with a password may do. It is asked for each
	// call before anything of the call is read, and again by Recheck; it must not
	// block.
	Credentials func(user, password string) Access

	// AllowAnonymous gives everybody who connects all access. It takes the place
	// of Credentials: one of the two has to be set. Clients send credentials over
	// TLS only.
	AllowAnonymous bool

	// TLS is the configuration of encrypted connections; nil serves plain text.
	TLS *tls.Config

	// Writable takes appends, deletes and tombstones. The log must be a scratch
	// log: New refuses any other, whatever else is set.
	Writable bool

	// MaxAppendBytes bounds an append: types, data and metadata of its events
	// together. By default it is 1 MiB, as in EventStoreDB, and may only be less.
	MaxAppendBytes int

	// MaxConnections and MaxCalls bound how many are open at once; by default 128
	// and 512. A subscription is a call. Further calls, and the calls of further
	// connections, are answered RESOURCE_EXHAUSTED. One user has at most 32
	// connections and 64 calls of that, 32 of them subscriptions.
	//
	// Connections that have not authenticated have room of their own, as much
	// again, and are closed after 10 s, or sooner if others come and there is no
	// room. Their calls have an eighth of the room, for 5 s each.
	//
	// With AllowAnonymous there are no users to be kept apart, and further
	// connections wait.
	MaxConnections, MaxCalls int

	// Members are the nodes that gossip names; by default this one alone, at the
	// address that the client has connected to.
	Members func() []Member

	// Leader returns the address of the leader of Members while it is not this
	// node, else "". Calls that require the leader are then answered with its
	// address.
	Leader func() string

	// Register adds services that this package does not have, behind the same
	// credentials.
	Register func(grpc.ServiceRegistrar)
}

const (
	defaultConnections = 128
	defaultCalls       = 512

	// The share of one user.
	userConnections   = 32
	userCalls         = 64
	userSubscriptions = 32

	// strangerPatience bounds how long a connection may be open without a call
	// of somebody known; strangerShare how many of them one address has.
	strangerPatience = 10 * time.Second
	strangerShare    = 32

	// handshakeTimeout bounds how long a connection may take to become one.
	handshakeTimeout = 5 * time.Second

	// The bounds on one message that is received. To a log that takes no events
	// nobody has much to say.
	maxReceivedReading = 256 << 10
	maxReceivedWriting = 16 << 20
)

// writeBuffer is how much is written to a connection at once.
const writeBuffer = 256 << 10

// Server serves one log.
type Server struct {
	grpc *grpc.Server
	gate *gate

	stopping context.Context // ends subscriptions
	stop     context.CancelFunc
}

// New prepares to serve the log of a store. The store stays the caller's, and
// must be open until Stop has returned.
func New(ctx context.Context, store eventstore.Store, options Options) (*Server, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	l := &log{store: store, view: asStored{}}
	scratch, err := IsScratch(ctx, store)
	switch {
	case err != nil:
		return nil, err
	case scratch:
		l.view = asScratch{store: store}
	case options.Writable:
		return nil, fmt.Errorf("serve for writing: %w", ErrNotScratch)
	}
	s := &Server{gate: newGate(options)}
	s.stopping, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.grpc = grpc.NewServer(s.gate.serverOptions()...)
	streams.RegisterStreamsServer(s.grpc, newService(s.stopping, l, options))
	serverfeatures.RegisterServerFeaturesServer(s.grpc, features{})
	gossip.RegisterGossipServer(s.grpc, newGossip(options))
	if options.Register != nil {
		options.Register(s.grpc)
	}
	return s, nil
}

func (o *Options) complete() error {
	if (o.Credentials == nil) != o.AllowAnonymous {
		return errors.New("serve EventStoreDB's protocol: set either Credentials or AllowAnonymous")
	}
	if o.MaxAppendBytes < 0 || o.MaxAppendBytes > maxAppendBytes {
		return fmt.Errorf("serve EventStoreDB's protocol: an append can be limited to at most %d bytes", maxAppendBytes)
	}
	if o.MaxAppendBytes == 0 {
		o.MaxAppendBytes = maxAppendBytes
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = defaultConnections
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = defaultCalls
	}
	return nil
}

// serverOptions are those of gRPC.
func (g *gate) serverOptions() []grpc.ServerOption {
	received := maxReceivedReading
	if g.options.Writable {
		received = maxReceivedWriting
	}
	options := []grpc.ServerOption{
		grpc.InTapHandle(g.admit),
		grpc.ChainUnaryInterceptor(g.unary),
		grpc.ChainStreamInterceptor(g.stream),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(received),
		grpc.WriteBufferSize(writeBuffer),
		grpc.MaxConcurrentStreams(uint32(g.options.MaxCalls)),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.WaitForHandlers(true),
		// Official clients ping every 10 s, also without a call. Unless that is
		// allowed, they are disconnected after three pings.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		// Who has gone without saying so gives up connection and calls.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
	}
	if g.options.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(g.options.TLS)))
	}
	return options
}

// Serve answers clients that connect to the listener, which it closes. It
// returns nil after Stop, else why it cannot go on. It may be called several
// times, with a listener each.
func (s *Server) Serve(listener net.Listener) error {
	if err := s.grpc.Serve(s.gate.listen(listener)); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve EventStoreDB's protocol: %w", err)
	}
	return nil
}

// Recheck asks Credentials again about the callers of all calls that are open, and
// ends with UNAUTHENTICATED those that might not begin any more. It is for when
// Credentials has begun to answer otherwise.
func (s *Server) Recheck() { s.gate.open.recheck() }

// Stop ends subscriptions with UNAVAILABLE, lets the other calls finish until
// ctx ends, and then cancels those that are left. When it returns nothing of
// the server is running any more.
func (s *Server) Stop(ctx context.Context) {
	s.stop()
	var waiting sync.WaitGroup
	finished := make(chan struct{})
	waiting.Go(func() {
		s.grpc.GracefulStop()
		close(finished)
	})
	select {
	case <-finished:
	case <-ctx.Done():
		s.grpc.Stop()
	}
	waiting.Wait()
}
