package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"daybook/eventstore"
)

// raw sends bytes over a connection, says that no more come, and returns all
// that is answered.
func (w *world) raw(t *testing.T, text string) []answer {
	t.Helper()
	connection, err := net.Dial("tcp", serve(t, w.server, w.server.front.logger))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, text) // what is refused may not be read to its end
	_ = connection.(*net.TCPConn).CloseWrite()
	reader := bufio.NewReader(connection)
	var answers []answer
	for {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer{response.StatusCode, response.Header, body})
	}
}

// TestWhatIsNoRequestIsRefused sends what HTTP/1.1 forbids, above all what two
// programs could understand in two ways. A second request behind it, which one
// of them could find in the first, is answered in no case.
func TestWhatIsNoRequestIsRefused(t *testing.T) {
	const smuggled = "GET /openapi.yaml HTTP/1.1\r\nHost: a\r\n\r\n"
	post := "POST " + target + " HTTP/1.1\r\nHost: a\r\n"
	for name, c := range map[string]struct {
		text string
		want kind
	}{
		"no HTTP":                          {"canary\r\n\r\n", badRequest},
		"a later version":                  {"GET /healthz HTTP/2.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", badRequest},
		"no version":                       {"GET /healthz\r\n\r\n", badRequest},
		"TLS":                              {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", badRequest},
		"the preface of HTTP/2":            {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", badRequest},
		"a control character in the path":  {"GET /health\x01z HTTP/1.1\r\nHost: a\r\n\r\n", badRequest},
		"a path that is not encoded":       {"GET /balances/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", badRequest},
		"no host":                          {"GET /healthz HTTP/1.1\r\n\r\n", badRequest},
		"two hosts":                        {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", badRequest},
		"a name with a space":              {"GET /healthz HTTP/1.1\r\nHost: a\r\nAuthorization : canary\r\n\r\n", badRequest},
		"no name":                          {"GET /healthz HTTP/1.1\r\nHost: a\r\n: canary\r\n\r\n", badRequest},
		"a zero byte":                      {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: canary\x00\r\n\r\n", badRequest},
		"a header without end":             {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: canary", badRequest},
		"a long header":                    {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 17<<10) + "\r\n\r\n", headerTooLarge},
		"many headers":                     {"GET /healthz HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: x\r\n", 4<<10) + "\r\n", headerTooLarge},
		"a long path":                      {"GET /" + strings.Repeat("x", 17<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", headerTooLarge},
		"two lengths":                      {post + "Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}", badRequest},
		"a list of lengths":                {post + "Content-Length: 2, 2\r\n\r\n{}", badRequest},
		"a length with a sign":             {post + "Content-Length: +2\r\n\r\n{}", badRequest},
		"a length below nothing":           {post + "Content-Length: -1\r\n\r\n{}", badRequest},
		"a length that is no number":       {post + "Content-Length: 0x2\r\n\r\n{}", badRequest},
		"a length that nobody can count":   {post + "Content-Length: 99999999999999999999\r\n\r\n{}", badRequest},
		"an encoding that nobody knows":    {post + "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", badRequest},
		"two encodings":                    {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n", badRequest},
		"no encoding":                      {post + "Transfer-Encoding: identity\r\n\r\n", badRequest},
		"no encoding of no body":           {"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", badRequest},
		"no encoding beside a length":      {post + "Content-Length: 2\r\ntransfer-encoding: identity\r\n\r\n{}", badRequest},
		"an encoding with a space in it":   {post + "Transfer Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", badRequest},
		"a length with a space before it":  {post + "X Content-Length: 5\r\nContent-Length: 2\r\n\r\n{}", badRequest},
		"chunks of HTTP/1.0":               {"POST " + target + " HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", badRequest},
		"a chunk with a length of its own": {post + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n", timedOut},
		"a trailer that is no text":        {post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: canary\x01\r\n\r\n", timedOut},
		"a chunk that is longer":           {post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}}}\r\n0\r\n\r\n", timedOut},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{allowLoopback: true})
			answers := w.raw(t, c.text+smuggled)
			if len(answers) != 1 || !isProblem(answers[0], c.want) {
				t.Errorf("answered with %d, the first %+v", len(answers), answers[:min(len(answers), 1)])
			}
			if len(answers) > 0 && (answers[0].Header.Get("X-Request-Id") == "" || strings.Contains(string(answers[0].Body), "canary")) {
				t.Errorf("%v %s", answers[0].Header, answers[0].Body)
			}
			if w.end() != 1 {
				t.Errorf("the log ends at %s", w.end())
			}
		})
	}
}

// TestNothingIsTakenForARequestAfterChunks: the chunks count, and what follows them
// is not answered. Another program may have taken it for a part of the body.
func TestNothingIsTakenForARequestAfterChunks(t *testing.T) {
	body := `{"order":{"id":"A","status":"expired"}}`
	for name, c := range map[string]struct{ header, trailer string }{
		"chunks":                 {"", ""},
		"a length beside them":   {"Content-Length: 5\r\n", ""},
		"a length in a trailer":  {"", "Content-Length: 5\r\n"},
		"an encoding in trailer": {"", "Transfer-Encoding: identity\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{allowLoopback: true})
			answers := w.raw(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n%s\r\n", target, c.header, len(body), body, c.trailer)+
				"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
			if len(answers) != 1 || answers[0].Status != http.StatusOK || types(w.events("order-coinbase.A")) != "OrderStatusReported" {
				t.Errorf("%+v", answers)
			}
		})
	}
}

// TestABodyThatBreaksOffIsNone: a connection that ends is not the end of a body
// of which more was announced, however much sense the beginning makes.
func TestABodyThatBreaksOffIsNone(t *testing.T) {
	body := `{"order":{"id":"A","status":"expired"}}`
	for name, text := range map[string]string{
		"by length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body)+1, body),
		"in chunks": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(body), body),
		"no byte":   "Content-Length: 1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{allowLoopback: true})
			answers := w.raw(t, "POST "+target+" HTTP/1.1\r\nHost: a\r\n"+text)
			if w.end() != 1 {
				t.Errorf("the log ends at %s", w.end())
			}
			if len(answers) != 1 || !isProblem(answers[0], timedOut) {
				t.Errorf("%+v", answers)
			}
		})
	}
}

// TestOldAndCautiousClientsAreAnswered: of HTTP/1.0, of the absolute form, and
// those that ask before they send a body.
func TestOldAndCautiousClientsAreAnswered(t *testing.T) {
	body := `{"order":{"id":"A","status":"expired"}}`
	for name, c := range map[string]struct {
		text     string
		statuses []int
	}{
		"HTTP/1.0":                {"GET /healthz HTTP/1.0\r\n\r\n", []int{200}},
		"HTTP/1.0 that goes on":   {strings.Repeat("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 2), []int{200, 200}},
		"the absolute form":       {"GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{200}},
		"an empty line between":   {"POST /healthz HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{405, 200}},
		"the last of them":        {"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{200}},
		"a body that nobody asks": {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{200, 200}},
		"asks before":             {fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n%s", target, len(body), body), []int{100, 200}},
		"a refused body": {"POST /callbacks/coinbase?secret=canary HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300000) +
			"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{401}},
		"a method of its own":  {"CANARY /healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{405}},
		"all of the server":    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", []int{404}},
		"a line that goes on":  {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: canary\r\n canary\r\n\r\n", []int{200}},
		"a proxy is asked for": {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", []int{404}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{allowLoopback: true})
			var got []int
			for _, a := range w.raw(t, c.text) {
				got = append(got, a.Status)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.statuses) {
				t.Errorf("answered %v, not %v", got, c.statuses)
			}
		})
	}
}

// TestARequestArrivesAsItWasSent compares what the handler is given with what
// went over the wire.
func TestARequestArrivesAsItWasSent(t *testing.T) {
	var given *http.Request
	var body []byte
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given = r
		body, _ = io.ReadAll(r.Body)
		w.Header()["X-Two"] = []string{"1", "2"}
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // too late
		w.Header().Set("X-Late", "1")
		_, _ = io.WriteString(w, "tea")
	})
	connection, err := net.Dial("tcp", serve(t, h, slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, _ = io.WriteString(connection, "POST /a%2Fb/c?d=%65&e HTTP/1.1\r\nHost: Example\r\nx-forwarded-for: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\ncb-signature: s\r\nContent-Length: 4\r\n\r\n\x00\xff{}")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	answered, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusTeapot || string(answered) != "tea" || len(response.Header["X-Two"]) != 2 || response.Header.Get("X-Late") != "" || response.Header.Get("Date") == "" {
		t.Errorf("%d %v %q", response.StatusCode, response.Header, answered)
	}
	if given.Method != http.MethodPost || given.RequestURI != "/a%2Fb/c?d=%65&e" || given.URL.EscapedPath() != "/a%2Fb/c" || given.URL.RawQuery != "d=%65&e" || given.Host != "Example" {
		t.Errorf("%s %s %s %s", given.Method, given.RequestURI, given.URL, given.Host)
	}
	if strings.Join(given.Header["X-Forwarded-For"], ",") != "1.1.1.1,2.2.2.2" || given.Header.Get("CB-SIGNATURE") != "s" {
		t.Errorf("%v", given.Header)
	}
	if given.RemoteAddr != connection.LocalAddr().String() || given.ContentLength != 4 || !bytes.Equal(body, []byte("\x00\xff{}")) {
		t.Errorf("%s %d %q", given.RemoteAddr, given.ContentLength, body)
	}
}

// A panic outside of a route closes the connection and is logged without its value;
// panics of routes are answered.
func TestAPanicOutsideOfARouteIsLoggedWithoutItsValue(t *testing.T) {
	log := new(journal)
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("canary")
		}
	})
	address := serve(t, h, slog.New(slog.NewJSONHandler(log, nil)))
	if response, err := http.Get("http://" + address + "/panic"); err == nil {
		t.Errorf("answered %d", response.StatusCode)
		_ = response.Body.Close()
	}
	response, err := http.Get("http://" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if n := strings.Count(log.text(), `"msg":"panic outside of a route"`); n != 1 {
		t.Errorf("%d panics are logged:\n%s", n, log.text())
	}
	log.checkCanaries(t)
}

// crowded is a listener that cannot accept for a while.
type crowded struct {
	net.Listener
	left int
}

func (c *crowded) Accept() (net.Conn, error) {
	if c.left--; c.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return c.Listener.Accept()
}

// TestTooManyOpenFilesEndNothing: a server that has no file left for a
// connection waits until there is one, and says what to do.
func TestTooManyOpenFilesEndNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := new(journal)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	address := serveOn(t, &crowded{listener, 2}, h, slog.New(slog.NewJSONHandler(log, nil)))
	response, err := http.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if n := strings.Count(log.text(), "ulimit -n"); n != 2 {
		t.Errorf("said %d times: %s", n, log.text())
	}
}

// TestWhoeverIsStillSendingReadsWhyNot: a refusal arrives although most of what
// it refuses is still on its way.
func TestWhoeverIsStillSendingReadsWhyNot(t *testing.T) {
	const size = 8 << 20
	more := strings.Repeat("x", size)
	for name, c := range map[string]struct {
		text string
		want kind
	}{
		"a header": {"GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", headerTooLarge},
		"a body":   {fmt.Sprintf("POST /callbacks/coinbase HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size), unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{allowLoopback: true})
			if answers := w.raw(t, c.text+more); len(answers) != 1 || !isProblem(answers[0], c.want) {
				t.Errorf("%+v", answers)
			}
		})
	}
}

// stuckStore is a log that never says whether it works.
type stuckStore struct{ eventstore.Store }

func (stuckStore) Ready(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestNobodyWaitsForEver: a question that the log does not answer is answered.
func TestNobodyWaitsForEver(t *testing.T) {
	h := healthRoutes{store: stuckStore{}, patience: time.Millisecond}
	err := h.ready(new(call), httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if p := asProblem(err); p.Type != "/problems/"+unavailable.name {
		t.Errorf("the answer is %v", err)
	}
}
