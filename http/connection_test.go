package httpapi

import (
	"bufio"
	"context"
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
	connection, err := net.Dial("tcp", serve(t, w.server, w.server.logger))
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
