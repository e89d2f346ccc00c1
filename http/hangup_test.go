package httpapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/eventstore"
)

// hangingUp sends a request over a connection, hangs up when begun is closed, and
// returns when the handler has. When the server has noticed, noticed is closed.
func (w *world) hangingUp(t *testing.T, request string, begun, noticed chan struct{}) {
	t.Helper()
	returned := make(chan struct{})
	address := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer close(returned)
		stop := context.AfterFunc(r.Context(), func() { close(noticed) })
		defer stop()
		w.server.ServeHTTP(rw, r)
	}), w.server.front.logger)
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, request); err != nil {
		t.Fatal(err)
	}
	<-begun
	_ = connection.Close()
	select {
	case <-returned:
	case <-time.After(10 * time.Second):
		t.Error("the handler waits although its client is gone")
		<-returned
	}
}

// lingeringStore appends when the client has gone.
type lingeringStore struct {
	eventstore.Store
	begun, noticed chan struct{}
}

func (s lingeringStore) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	close(s.begun)
	<-s.noticed
	if err := ctx.Err(); err != nil {
		return eventstore.Appended{}, err
	}
	return s.Store.Append(ctx, stream, expected, events...)
}

func TestACallerThatHangsUpEndsNoAppendThatHasBegun(t *testing.T) {
	body := completed("A", "u1", 100, "USD")
	registration := `{"user":"u1"}`
	for stream, request := range map[string]string{
		"order-coinbase.A": fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", target, len(body), body),
		"address-1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5": fmt.Sprintf("PUT /addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
			tokens[Website], len(registration), registration),
	} {
		t.Run(stream, func(t *testing.T) {
			begun, noticed := make(chan struct{}), make(chan struct{})
			w := newWorld(t, wiring{allowLoopback: true, store: func(s eventstore.Store) eventstore.Store {
				return lingeringStore{s, begun, noticed}
			}})
			w.hangingUp(t, request, begun, noticed)
			if len(w.events(stream)) == 0 {
				t.Errorf("nothing is recorded: %s", w.log.text())
			}
		})
	}
}

func TestACallerThatHangsUpEndsItsRead(t *testing.T) {
	for _, path := range []string{"/balances/{user}", "/orders/{id}"} {
		t.Run(path, func(t *testing.T) {
			w := newWorld(t, wiring{})
			w.server.guard.wait = time.Minute
			begun := make(chan struct{})
			close(begun)
			w.hangingUp(t, "GET "+strings.NewReplacer("{user}", "u1", "{id}", "coinbase.A").Replace(path)+"?min_position=99 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "+tokens[Website]+"\r\n\r\n",
				begun, make(chan struct{}))
			if counted := fmt.Sprintf(`daybook_http_requests_total{method="GET",route=%q,status="499"} 1`, path); !strings.Contains(w.metrics(), counted) {
				t.Errorf("%s is not in\n%s", counted, w.metrics())
			}
			if strings.Contains(w.log.text(), `"level":"ERROR"`) {
				t.Errorf("it is logged as a fault: %s", w.log.text())
			}
		})
	}
}

// serveImpatiently answers on a port, with a short time for requests to arrive.
func serveImpatiently(t *testing.T, timeout time.Duration, h http.HandlerFunc) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	server := newHTTPServer(h, logger, timeout)
	served := make(chan error)
	go func() { served <- server.Serve(refusingListener{listener, logger, timeout}) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return listener.Addr().String()
}

// TestARequestThatHasComeWholeMayTakeLonger: the time in which a request must arrive
// is not that in which it must be answered.
func TestARequestThatHasComeWholeMayTakeLonger(t *testing.T) {
	const timeout = 50 * time.Millisecond
	for name, request := range map[string]string{
		"no body": "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"a body":  "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
	} {
		t.Run(name, func(t *testing.T) {
			address := serveImpatiently(t, timeout, func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength > 0 {
					if _, err := io.ReadAll(r.Body); err != nil {
						t.Error(err)
					}
				}
				select {
				case <-time.After(4 * timeout):
				case <-r.Context().Done():
					t.Error("the request has ended")
				}
			})
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, request)
			if text, _ := io.ReadAll(connection); !strings.HasPrefix(string(text), "HTTP/1.1 200 ") {
				t.Errorf("answered %q", text)
			}
		})
	}
}

// TestASlowRequestIsToldWhy: whatever part of it is missing.
func TestASlowRequestIsToldWhy(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                         "",
		"half a line":                     "GET / HT",
		"a line":                          "GET / HTTP/1.1\r\n",
		"half a header":                   "GET / HTTP/1.1\r\nHo",
		"a request, and half of the next": "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT",
	} {
		t.Run(name, func(t *testing.T) {
			address := serveImpatiently(t, 50*time.Millisecond, func(http.ResponseWriter, *http.Request) {})
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, text)
			if text, _ := io.ReadAll(connection); strings.Count(string(text), "HTTP/1.1 408 ") != 1 || strings.Contains(string(text), "HTTP/1.1 400 ") {
				t.Errorf("answered %q", text)
			}
		})
	}
}
