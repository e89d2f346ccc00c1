package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// serve answers on a port until the test ends, and returns its address.
func serve(t testing.TB, h http.Handler, logger *slog.Logger) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, h, logger)
}

func serveOn(t testing.TB, listener net.Listener, h http.Handler, logger *slog.Logger) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, listener, h, logger) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// dial plays raw requests over one real connection, and returns the answers.
func (w *world) dial(t *testing.T, requests string, methods ...string) []answer {
	t.Helper()
	connection, err := net.Dial("tcp", serve(t, w.server, w.server.front.logger))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, requests); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	var answers []answer
	for _, method := range methods {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer{response.StatusCode, response.Header, body})
	}
	return answers
}

// halfCallback is one whose body never comes.
const halfCallback = "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"

// One address that may send callbacks takes the room of the others with none that
// it does not finish.
func TestHalfCallbacksOfOneAddressKeepNoOtherOut(t *testing.T) {
	w := newWorld(t, wiring{allowLoopback: true, bounded: true})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := serveOn(t, w.connections.Listen(listener), w.server, w.server.front.logger)
	dial := func(from, request string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		connection, err := d.DialContext(t.Context(), "tcp", address)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = connection.Close() })
		_, err = io.WriteString(connection, request)
		return connection, err
	}
	for _, from := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"} {
		for range maxSources {
			_, _ = dial(from, halfCallback) // it may be refused
		}
		body := completed("A", "u1", 1, "USD")
		connection, err := dial("127.0.0.7", fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", target, len(body), body))
		if err != nil {
			t.Fatalf("beside half callbacks of %s another does not get through: %v", from, err)
		}
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Fatalf("beside half callbacks of %s another is not answered: %v", from, err)
		}
		if response.StatusCode != http.StatusOK {
			t.Errorf("beside half callbacks of %s another is answered %d", from, response.StatusCode)
		}
	}
	if open, _ := w.connections.limit.Usage(&w.connections.callback); open > maxSources {
		t.Errorf("%d connections are open", open)
	}
}

func TestACallbackMayComeInChunks(t *testing.T) {
	w := newWorld(t, wiring{allowLoopback: true})
	answers := w.dial(t, "POST "+target+" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"17\r\n{\"order\":{\"id\":\"A\",\"sta\r\n12\r\ntus\":\"expired\"}}  \r\n0\r\n\r\n", http.MethodPost)
	if answers[0].Status != http.StatusOK || types(w.events("order-coinbase.A")) != "OrderStatusReported" {
		t.Errorf("%d %s", answers[0].Status, answers[0].Body)
	}
}

func TestBrokenChunksAreNotStored(t *testing.T) {
	w := newWorld(t, wiring{allowLoopback: true})
	answers := w.dial(t, "POST "+target+" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n", http.MethodPost)
	if !isProblem(answers[0], timedOut) || w.end() != 1 {
		t.Errorf("%d %s", answers[0].Status, answers[0].Body)
	}
}

func TestWhatFollowsTheAnnouncedLengthIsTheNextRequest(t *testing.T) {
	w := newWorld(t, wiring{allowLoopback: true})
	body := `{"order":{"id":"A","status":"expired"}}`
	answers := w.dial(t, "POST "+target+" HTTP/1.1\r\nHost: a\r\nContent-Length: 39\r\n\r\n"+body+"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
		http.MethodPost, http.MethodGet)
	if answers[0].Status != http.StatusOK || answers[1].Status != http.StatusOK {
		t.Errorf("%+v", answers)
	}
}

func TestHeadHasTheHeadersOfGetAndNoBody(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, path := range []string{"/healthz", "/readyz/reads", "/openapi.yaml", "/metrics", "/balances/u1", "/nowhere"} {
		// The second answer would be unreadable behind a body.
		answers := w.dial(t, "HEAD "+path+" HTTP/1.1\r\nHost: a\r\n\r\nGET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n", http.MethodHead, http.MethodGet)
		if answers[0].Status != answers[1].Status || len(answers[0].Body) > 0 || len(answers[1].Body) == 0 {
			t.Errorf("%s: %d and %d, with %d and %d bytes", path, answers[0].Status, answers[1].Status, len(answers[0].Body), len(answers[1].Body))
		}
		if answers[0].Header.Get("Content-Type") != answers[1].Header.Get("Content-Type") {
			t.Errorf("%s: %v and %v", path, answers[0].Header, answers[1].Header)
		}
	}
}

func TestARequestThatRunsAtTheEndIsAnswered(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel() // the end begins while this one runs
		for listening(listener.Addr().String()) {
		}
		_, _ = io.WriteString(w, "answered")
	})
	served := make(chan error)
	go func() { served <- Serve(ctx, listener, slow, slog.New(slog.DiscardHandler)) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post("http://"+listener.Addr().String(), "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "answered" {
		t.Errorf("%s, %v", body, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// listening reports whether somebody takes connections.
func listening(address string) bool {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
