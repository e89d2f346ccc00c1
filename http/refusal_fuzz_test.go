package httpapi

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// FuzzConnection sends any bytes over a connection. Whatever they are, the server
// survives them, each answer can be read and is the handler's or a problem, and no
// body that broke off passes for a whole one.
func FuzzConnection(f *testing.F) {
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: x\r\n\r\nHEAD / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
		"POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
		"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	log := new(journal)
	address := serve(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusTeapot
		if body, err := io.ReadAll(r.Body); err == nil && r.ContentLength >= 0 && int64(len(body)) != r.ContentLength {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
	}), slog.New(slog.NewJSONHandler(log, nil)))
	f.Fuzz(func(t *testing.T, text []byte) {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_, _ = connection.Write(text)
		_ = connection.(*net.TCPConn).CloseWrite()
		answers := bufio.NewReader(connection)
		for {
			response, err := http.ReadResponse(answers, &http.Request{Method: http.MethodHead})
			if err != nil {
				break
			}
			switch response.StatusCode {
			case http.StatusContinue, http.StatusTeapot, http.StatusExpectationFailed:
				continue
			case http.StatusBadRequest, http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestTimeout:
				if response.Header.Get("Content-Type") == "application/problem+json" && response.Close {
					break
				}
				fallthrough
			default:
				t.Fatalf("answered %d %v", response.StatusCode, response.Header)
			}
			break // nothing follows a refusal
		}
		if said := log.text(); strings.Contains(said, "panic") {
			t.Error(said)
		}
	})
}
