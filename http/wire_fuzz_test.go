package httpapi

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// taken is a request as somebody has understood it.
type taken struct {
	method, target string
	body           string
	whole          bool // the body came to its end
}

func take(r *http.Request) taken {
	body, err := io.ReadAll(r.Body)
	return taken{r.Method, r.RequestURI, string(body), err == nil}
}

// takenByGo is how Go's own parser understands bytes, up to where it refuses
// them.
func takenByGo(text []byte) []taken {
	var all []taken
	reader := bufio.NewReader(bytes.NewReader(text))
	for {
		for next, _ := reader.Peek(1); len(next) > 0 && (next[0] == '\r' || next[0] == '\n'); next, _ = reader.Peek(1) {
			_, _ = reader.Discard(1) // empty lines before a request, which a server should skip
		}
		r, err := http.ReadRequest(reader)
		if err != nil {
			return all
		}
		all = append(all, take(r))
		if !all[len(all)-1].whole || r.Close {
			return all
		}
	}
}

// FuzzWire sends any bytes over a connection. Whatever they are, the server
// survives them; and what it takes for requests, Go's own parser takes for the same
// ones. Requests are smuggled in what one program takes for a body and another for
// a request.
func FuzzWire(f *testing.F) {
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: x\r\n\r\nHEAD / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
		"POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	var mu sync.Mutex
	var ours []taken
	log := new(journal)
	address := serve(f, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ours = append(ours, take(r))
	}), slog.New(slog.NewJSONHandler(log, nil)))
	f.Fuzz(func(t *testing.T, text []byte) {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_, _ = connection.Write(text)
		_ = connection.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, connection) // to the end, when no handler runs any more
		mu.Lock()
		got := ours
		ours = nil
		mu.Unlock()
		want := takenByGo(text)
		for i := range got {
			if i == len(want) {
				t.Fatalf("request %d is %+v, and none to Go", i, got[i])
			}
			if got[i].whole && got[i] != want[i] {
				t.Fatalf("request %d is %+v, and %+v to Go", i, got[i], want[i])
			}
		}
		if said := log.text(); strings.Contains(said, "panic") {
			t.Error(said)
		}
	})
}
