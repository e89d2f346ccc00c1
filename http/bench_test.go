package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"daybook/eventstore"
)

// accepting takes every append for the first of its stream, and keeps nothing:
// what is measured with it is everything but the store.
type accepting struct{ eventstore.Store }

func (accepting) Read(context.Context, eventstore.StreamName, eventstore.Revision, ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(func(eventstore.Recorded, error) bool) {}
}

func (accepting) Append(_ context.Context, stream eventstore.StreamName, _ eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	return eventstore.Appended{Revision: 1, Position: 1}, eventstore.Check(stream, events)
}

func benchWorld(b *testing.B, store func(eventstore.Store) eventstore.Store) *world {
	b.Helper()
	w := newWorld(b, wiring{store: store, noProjections: true, allowLoopback: true})
	w.server.front.logger = slog.New(slog.DiscardHandler)
	return w
}

func accept(eventstore.Store) eventstore.Store { return accepting{} }

// BenchmarkMiddleware is a request that does nothing.
func BenchmarkMiddleware(b *testing.B) {
	w := benchWorld(b, accept)
	r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
	b.ReportAllocs()
	for b.Loop() {
		w.server.ServeHTTP(discard{make(http.Header, 8)}, r)
	}
}

// BenchmarkCallback is a new, paid order in process: without a store, and with
// one, by senders that run beside each other.
func BenchmarkCallback(b *testing.B) {
	template := orderBody(b)
	b.Run("accepting", func(b *testing.B) {
		w := benchWorld(b, accept)
		b.ReportAllocs()
		for b.Loop() {
			w.server.ServeHTTP(discard{make(http.Header, 8)}, newOrder(template))
		}
	})
	b.Run("accepting, logged", func(b *testing.B) {
		w := benchWorld(b, accept)
		w.server.front.logger = slog.New(slog.NewJSONHandler(io.Discard, nil))
		b.ReportAllocs()
		for b.Loop() {
			w.server.ServeHTTP(discard{make(http.Header, 8)}, newOrder(template))
		}
	})
	b.Run("sqlite", func(b *testing.B) {
		w := benchWorld(b, nil)
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				w.server.ServeHTTP(discard{make(http.Header, 8)}, newOrder(template))
			}
		})
	})
}

// BenchmarkConnection is a new, paid order over a connection, without a store.
// The sender's work is a part of it.
func BenchmarkConnection(b *testing.B) {
	template := orderBody(b)
	w := benchWorld(b, accept)
	conn, err := net.Dial("tcp", serve(b, w.server, w.server.front.logger))
	if err != nil {
		b.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	head := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: daybook\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", target, len(template))
	head = append(head, template...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(head); err != nil {
			b.Fatal(err)
		}
		for {
			line, err := answers.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if bytes.HasPrefix(line, []byte(`{"outcome":"recorded"`)) {
				break
			}
		}
	}
	conn.Close()
}

func orderBody(b *testing.B) []byte {
	b.Helper()
	body, err := os.ReadFile("testdata/order.json")
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// newOrder is a callback about an order that nobody has heard of. It has little
// of a request that is not needed, so that its making is not what is measured.
func newOrder(template []byte) *http.Request {
	body := bytes.Replace(template, []byte("5RTQNACF"), []byte(rand.Text()[:8]), 1)
	r := &http.Request{
		Method: http.MethodPost, URL: &callbackURL, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Host: "daybook", RemoteAddr: coinbase + ":4711",
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
	return r
}

var callbackURL = *httptest.NewRequest(http.MethodPost, target, nil).URL

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)               {}
