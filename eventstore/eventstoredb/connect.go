package eventstoredb

import (
	"context"
	"encoding/base64"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

const (
	// maxMessage is the largest answer: EventStoreDB's largest record and its
	// framing.
	maxMessage = 17 << 20

	// window is how much of a stream of answers may be under way. The default of
	// 64 KiB would make reading a log wait for the network.
	window = 4 << 20

	buffer = 64 << 10
)

// node is a connection to one server. It is made anew by itself when the server
// comes back.
type node struct {
	address string
	conn    *grpc.ClientConn
	streams streams.StreamsClient
	leader  bool // it has to be the leader, and says so if it is not
}

// outgoing adds to a call's headers what the server has to be. A follower would
// pass appends on, but answer reads from a log that may be behind.
func (n *node) outgoing(ctx context.Context) context.Context {
	if !n.leader {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
}

func connect(s settings, address string) (*node, error) {
	conn, err := grpc.NewClient(address, dialOptions(s)...)
	if err != nil {
		return nil, err
	}
	return &node{address: address, conn: conn, streams: streams.NewStreamsClient(conn), leader: s.preference == esdb.NodePreferenceLeader}, nil
}

func dialOptions(s settings) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(window),
		grpc.WithReadBufferSize(buffer),
		grpc.WithWriteBufferSize(buffer),
		grpc.WithNoProxy(),
	}
	if s.tls != nil {
		options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(s.tls)))
		if s.username != "" {
			options = append(options, grpc.WithPerRPCCredentials(basic(s.username, s.password)))
		}
	}
	if s.keepAlive >= 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: s.keepAlive, Timeout: s.keepAliveTimeout, PermitWithoutStream: true,
		}))
	}
	return options
}

// basicAuth is a header with user and password.
type basicAuth string

func basic(username, password string) basicAuth {
	return basicAuth("Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password)))
}

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b basicAuth) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(b)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (basicAuth) RequireTransportSecurity() bool { return true }

// String keeps the password out of whatever prints it.
func (basicAuth) String() string { return "basic authentication" }
