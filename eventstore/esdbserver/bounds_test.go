package esdbserver_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	grpccredentials "google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
)

// heap returns what lives on the heap, in bytes.
func heap() int64 {
	var stats runtime.MemStats
	for range 3 { // pools give up what they keep
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// A subscription that waits for the next event keeps nothing of those that it has
// delivered, however large they were.
func TestIdleSubscriptionsKeepNoPages(t *testing.T) {
	store := openStore(t, t.TempDir())
	for i := range 8 {
		stream := eventstore.StreamName(fmt.Sprint("order-", i))
		e := callback(stream)
		e.Data = fmt.Appendf(nil, `{"filler":"%s"}`, strings.Repeat("x", 800_000))
		if _, err := store.Append(t.Context(), stream, eventstore.NoStream, e); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, store, esdbserver.Options{AllowAnonymous: true})
	const subscriptions, each = 16, 256 << 10
	stubs := s.stubs(t)
	before := heap()
	for range subscriptions {
		stream, err := stubs.Read(s.ctx, readAllRequest(true))
		if err != nil {
			t.Fatal(err)
		}
		for {
			response, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if response.GetCaughtUp() != nil {
				break
			}
		}
	}
	grown := heap() - before
	t.Logf("%d subscriptions hold %d kB each", subscriptions, grown/subscriptions>>10)
	if grown > subscriptions*each {
		t.Errorf("%d idle subscriptions hold %d MB", subscriptions, grown>>20)
	}
}

// as says who calls.
func as(s *served, user, password string) context.Context {
	return metadata.AppendToOutgoingContext(s.ctx, "authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// users serves a log to two auditors.
func users(t *testing.T, change ...func(*esdbserver.Options)) *served {
	t.Helper()
	return serveScratch(t, append([]func(*esdbserver.Options){func(o *esdbserver.Options) {
		o.AllowAnonymous, o.Writable = false, false
		o.Credentials = func(_, password string) esdbserver.Access {
			if password == "secret" {
				return esdbserver.Reading
			}
			return esdbserver.Denied
		}
	}}, change...)...)
}

// subscribe opens a subscription, which lasts as long as the test.
func subscribe(ctx context.Context, stubs streams.StreamsClient) error {
	stream, err := stubs.Read(ctx, readAllRequest(true))
	if err == nil {
		_, err = stream.Recv()
	}
	return err
}

// readSomething makes a call that ends.
func readSomething(ctx context.Context, stubs streams.StreamsClient) error {
	stream, err := stubs.Read(ctx, readAllRequest(false))
	for err == nil {
		_, err = stream.Recv()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// One user takes his share of subscriptions, calls and connections, and leaves
// the others theirs.
func TestOneUserLeavesRoomForOthers(t *testing.T) {
	s := users(t)
	ann, bob := as(s, "ann", "secret"), as(s, "bob", "secret")
	stubs := s.stubs(t)
	count := 0
	var err error
	for ; err == nil && count < 512; count++ {
		err = subscribe(ann, stubs)
	}
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "32 subscriptions") || count != 33 {
		t.Errorf("subscription %d of one user: %v", count, err)
	}
	if err := readSomething(ann, stubs); err != nil {
		t.Errorf("a read of the same user: %v", err)
	}
	if err := subscribe(bob, s.stubs(t)); err != nil {
		t.Errorf("another user: %v", err)
	}
	for count, err = 1, nil; err == nil && count < 128; count++ {
		err = readSomething(ann, s.stubs(t))
	}
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "connections") || count < 32 {
		t.Errorf("connection %d of one user: %v", count, err)
	}
	if err := subscribe(bob, s.stubs(t)); err != nil {
		t.Errorf("another user: %v", err)
	}
}

// Connections that never authenticate are closed, whatever they do instead, and
// keep nobody out: also handshakes of TLS that never end.
func TestConnectionsThatNeverAuthenticate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 16 s")
	}
	for name, encrypted := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			s := users(t, func(o *esdbserver.Options) {
				if encrypted {
					o.TLS = encryption(t)
				}
			})
			preface := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
			var silent []net.Conn
			for i := range 400 {
				d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 3, byte(i%16))}}
				conn, err := d.DialContext(s.ctx, "tcp", s.address)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if i%2 == 0 {
					_, _ = io.WriteString(conn, preface)
				}
				silent = append(silent, conn)
			}
			credentials := insecure.NewCredentials()
			if encrypted {
				credentials = grpccredentials.NewTLS(&tls.Config{InsecureSkipVerify: true})
			}
			stubs := s.stubs(t, grpc.WithTransportCredentials(credentials))
			ctx, cancel := context.WithTimeout(as(s, "ann", "secret"), 5*time.Second)
			defer cancel()
			if err := readSomething(ctx, stubs); err != nil {
				t.Errorf("an auditor: %v", err)
			}
			for i, conn := range silent {
				_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
				if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
					t.Fatalf("connection %d is open for ever", i)
				}
			}
			// Who has authenticated stays.
			if _, err := stubs.Delete(as(s, "ann", "secret"), &streams.DeleteReq{}); status.Code(err) != codes.InvalidArgument && status.Code(err) != codes.PermissionDenied {
				t.Errorf("the auditor afterwards: %v", err)
			}
		})
	}
}

// A connection whose calls are those of nobody known is closed all the same.
func TestPublicCallsDoNotKeepAConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s")
	}
	s := users(t)
	conn := s.dial(t)
	features := serverfeatures.NewServerFeaturesClient(conn)
	if _, err := features.GetSupportedMethods(s.ctx, &shared.Empty{}); err != nil {
		t.Fatal(err)
	}
	for state := conn.GetState(); state == connectivity.Ready; state = conn.GetState() {
		if !conn.WaitForStateChange(s.ctx, state) {
			t.Fatal("the connection is open for ever")
		}
	}
}
