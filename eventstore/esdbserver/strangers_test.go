package esdbserver_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"daybook/eventstore/esdbserver"
)

// Strangers that open calls and say nothing take no room from others, and have
// to go.
func TestStrangersThatSayNothing(t *testing.T) {
	const calls = 16
	s := serveScratch(t, func(o *esdbserver.Options) {
		o.AllowAnonymous, o.Credentials, o.MaxCalls = false, roles, calls
	})
	silent := s.dial(t)
	for _, method := range []string{serverfeatures.ServerFeatures_GetSupportedMethods_FullMethodName, streams.Streams_Append_FullMethodName} {
		for range 2 * calls {
			if _, err := silent.NewStream(s.ctx, &grpc.StreamDesc{ClientStreams: true}, method); err != nil {
				t.Fatal(err)
			}
		}
	}
	credentials := base64.StdEncoding.EncodeToString([]byte("auditor:kpmg-secret"))
	for range calls {
		stream, err := s.stubs(t).Read(metadata.AppendToOutgoingContext(s.ctx, "authorization", "Basic "+credentials), readAllRequest(true))
		if err == nil {
			_, err = stream.Recv()
		}
		if err != nil {
			t.Fatalf("one who is known: %v", err)
		}
	}
	polite := serverfeatures.NewServerFeaturesClient(s.dial(t))
	for {
		_, err := polite.GetSupportedMethods(s.ctx, &shared.Empty{})
		if err == nil {
			return
		}
		if status.Code(err) != codes.ResourceExhausted {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// What is no HTTP/2 is refused, and does not hold a connection for ever.
func TestNoise(t *testing.T) {
	s := serveScratch(t)
	for _, noise := range []string{"", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\xff", 1000)} {
		conn, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(noise))
		if noise != "" {
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			var answer bytes.Buffer
			if _, err := answer.ReadFrom(conn); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Errorf("%q is not refused", noise)
			}
		}
		_ = conn.Close()
	}
}

// A client that has nothing to say stays connected: it pings every 10 s,
// without a call, and a server that does not expect that ends the connection
// at the third.
func TestIdleClientsStayConnected(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 35 s")
	}
	t.Parallel()
	s := serveScratch(t)
	var mu sync.Mutex
	dialled := 0
	stubs := s.stubs(t,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true}),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			mu.Lock()
			dialled++
			mu.Unlock()
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		}))
	call := func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if _, err := stubs.Delete(ctx, &streams.DeleteReq{}); status.Code(err) != codes.InvalidArgument {
			t.Errorf("got %v", err)
		}
	}
	call()
	time.Sleep(35 * time.Second)
	call()
	mu.Lock()
	defer mu.Unlock()
	if dialled != 1 {
		t.Errorf("connected %d times", dialled)
	}
}
