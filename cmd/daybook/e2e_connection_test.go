package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// dial opens a connection of the test's own, which ends with the test.
func (c client) dial() *net.TCPConn {
	c.test.Helper()
	conn, err := net.DialTimeout("tcp", c.address, patience)
	if err != nil {
		c.test.Fatal(err)
	}
	c.test.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		c.test.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// send writes bytes that the server may not want any more.
func send(conn net.Conn, text string) { _, _ = io.WriteString(conn, text) }

// rawCallback is a request as it goes over the wire.
func rawCallback(body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: daybook\r\nContent-Length: %d\r\n\r\n%s", callbackPath, len(body), body)
}

// awaitGoroutines asks until the server has about as many goroutines as at
// rest.
func (s *server) awaitGoroutines(rest float64) {
	s.t.Helper()
	const about = 10
	now := 0.0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if now = s.metric("go_goroutines"); now <= rest+about {
			return
		}
	}
	s.t.Errorf("the server had %.0f goroutines and has %.0f", rest, now)
}

// TestCutConnectionsHarmNobody cuts requests off at every byte, while others
// are answered.
func TestCutConnectionsHarmNobody(t *testing.T) {
	t.Parallel()
	s, r := start(t, options{}), random(t)
	s.record(completedOrder("CUT-first", "ann", 1))
	rest := s.metric("go_goroutines")
	const requests = 600
	posted := map[string]bool{}
	for i := range requests {
		id := fmt.Sprintf("CUT%d", i)
		raw := rawCallback(completedOrder(id, "cut", 100))
		conn := s.dial()
		cut := r.IntN(len(raw) + 1)
		send(conn, raw[:cut])
		if i%2 == 0 {
			_ = conn.SetLinger(0) // a reset instead of an end
		}
		_ = conn.Close()
		posted["order-coinbase."+id] = cut == len(raw)
		if i%20 == 0 {
			s.record(completedOrder(fmt.Sprintf("OTHER%d", i), "ann", 1))
		}
	}
	s.awaitGoroutines(rest)
	o := s.record(completedOrder("CUT-last", "ann", 1))
	events := replay(t, s.data)
	for stream, times := range count(events, "PaymentVerified") {
		if complete, ours := posted[stream]; ours && (!complete || times != 1) {
			t.Errorf("%s was cut off and is verified %d times", stream, times)
		}
	}
	if got := s.balances("ann", last([]outcome{o}))["USD"]; got != "0.32" {
		t.Errorf("the others have %s, not 0.32", got)
	}
	s.checkBalances(fold(t, events), position(events))
}

// TestUnreadAnswersAreRecordedOnce closes connections before the answer is
// read, and posts again, like a sender whose answer was lost.
func TestUnreadAnswersAreRecordedOnce(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	rest := s.metric("go_goroutines")
	const orders = 200
	var bodies []string
	for i := range orders {
		bodies = append(bodies, completedOrder(fmt.Sprintf("LOST%d", i), "ann", 100))
		conn := s.dial()
		send(conn, rawCallback(bodies[i]))
		_ = conn.Close()
	}
	position := last(s.postEach(clients, bodies))
	if got := s.balances("ann", position)["USD"]; got != "200.00" {
		t.Errorf("ann has %s, not 200.00", got)
	}
	for stream, times := range count(replay(t, s.data), "PaymentVerified") {
		if times != 1 {
			t.Errorf("%s is verified %d times", stream, times)
		}
	}
	s.http.CloseIdleConnections()
	s.awaitGoroutines(rest)
}

// TestSlowClientsAreCutOff sends a header, and a body, a byte at a time: both
// are cut off by the program's timeout while another client is answered.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	rest := s.metric("go_goroutines")
	body := completedOrder("SLOW", "slow", 100)
	raw := rawCallback(body)
	header := strings.Index(raw, "\r\n\r\n") + 4
	const limit = 10 * time.Second
	for name, c := range map[string]struct {
		first  bool // request of its connection
		atOnce int  // bytes
	}{
		"nothing":                    {true, 0},
		"header":                     {true, 10},
		"body":                       {true, header + 10},
		"header after a request":     {false, 10},
		"body after a request":       {false, header + 10},
		"first byte after a request": {false, header},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, atOnce := s.dial(), c.atOnce
			if !c.first {
				send(conn, "GET /healthz HTTP/1.1\r\nHost: daybook\r\n\r\n")
				if a := readAnswer(t, bufio.NewReader(conn)); a.status != 200 {
					t.Errorf("the request before is answered %d", a.status)
				}
			}
			began := time.Now()
			send(conn, raw[:atOnce])
			ended := make(chan struct{})
			var trickling sync.WaitGroup
			trickling.Go(func() { // slower than the timeout
				trickle := time.NewTicker(200 * time.Millisecond)
				defer trickle.Stop()
				if atOnce == header {
					return // nothing more
				}
				for i := atOnce; i < len(raw)-1; i++ {
					select {
					case <-trickle.C:
						send(conn, raw[i:i+1])
					case <-ended:
						return
					}
				}
			})
			text, _ := io.ReadAll(conn) // a reset ends it just as well
			took := time.Since(began)
			close(ended)
			trickling.Wait()
			if took < limit-time.Second || took > limit+5*time.Second {
				t.Errorf("a slow %s is cut off after %s", name, took)
			}
			if !strings.HasPrefix(string(text), "HTTP/1.1 408 ") {
				t.Errorf("a slow %s is answered %q", name, text)
			}
		})
	}
	t.Run("others", func(t *testing.T) {
		for i := range 20 {
			s.record(completedOrder(fmt.Sprintf("FAST%d", i), "ann", 1))
		}
	})
	t.Cleanup(func() {
		s.awaitGoroutines(rest)
		if verified := count(replay(t, s.data), "PaymentVerified"); verified["order-coinbase.SLOW"] != 0 || len(verified) != 20 {
			t.Errorf("verified are %v", verified)
		}
	})
}

// TestPipelinedRequestsAreAnsweredInOrder sends many requests without waiting
// for an answer.
func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	const requests = 50
	var raw strings.Builder
	for i := range requests {
		raw.WriteString(rawCallback(completedOrder(fmt.Sprintf("PIPE%d", i), "ann", 100)))
	}
	conn := s.dial()
	send(conn, raw.String())
	answers := bufio.NewReader(conn)
	for i := range requests {
		a := readAnswer(t, answers)
		if want := fmt.Sprintf(`"stream":"order-coinbase.PIPE%d"`, i); a.status != 200 || !strings.Contains(a.body, want) {
			t.Fatalf("answer %d is %d %s", i, a.status, a.body)
		}
	}
}

func readAnswer(t *testing.T, from *bufio.Reader) answer {
	t.Helper()
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// TestHalfClosedConnectionsAreAnswered closes the sending side after each
// request.
func TestHalfClosedConnectionsAreAnswered(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	rest := s.metric("go_goroutines")
	const orders = 200
	var position uint64
	for i := range orders {
		conn := s.dial()
		send(conn, rawCallback(completedOrder(fmt.Sprintf("HALF%d", i), "ann", 100)))
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(conn)
		position = last([]outcome{s.outcome(readAnswer(t, answers))})
		if n, err := answers.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("after the answer come %d bytes, %v", n, err)
		}
	}
	if got := s.balances("ann", position)["USD"]; got != "200.00" {
		t.Errorf("ann has %s, not 200.00", got)
	}
	s.awaitGoroutines(rest)
}

// TestIdleConnectionsAreInNobodysWay keeps 1,000 connections open that have
// asked once or not at all.
func TestIdleConnectionsAreInNobodysWay(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	rest := s.metric("go_goroutines")
	var idle []net.Conn
	for i := range 1000 {
		conn, err := s.dialFrom(fmt.Sprintf("127.0.0.%d", 2+i%5)) // each has a share
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, conn)
		if i%2 == 0 {
			continue
		}
		send(conn, "GET /healthz HTTP/1.1\r\nHost: daybook\r\n\r\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("connection %d: %v", i, err)
		}
		_ = response.Body.Close()
	}
	var bodies []string
	for i := range 200 {
		bodies = append(bodies, completedOrder(fmt.Sprintf("IDLE%d", i), "ann", 100))
	}
	if got := s.balances("ann", last(s.postEach(clients, bodies)))["USD"]; got != "200.00" {
		t.Errorf("beside idle connections, ann has %s", got)
	}
	if busy := s.metric("go_goroutines"); busy < rest+500 {
		t.Errorf("the server has %.0f goroutines with 1,000 connections", busy)
	}
	for _, conn := range idle {
		_ = conn.Close()
	}
	s.http.CloseIdleConnections()
	s.awaitGoroutines(rest)
}

// TestIdleConnectionsDoNotHoldUpTheEnd terminates a server that has
// connections which never asked, and one whose body never comes.
func TestIdleConnectionsDoNotHoldUpTheEnd(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	s.record(completedOrder("END", "ann", 100))
	for range 20 {
		s.dial()
	}
	began := time.Now()
	if code := s.terminate(); code != 0 {
		t.Errorf("the exit code is %d:\n%s", code, s.stderr)
	}
	t.Logf("the end took %s", time.Since(began))

	again := start(t, options{data: s.data})
	raw := rawCallback(completedOrder("STUCK", "ann", 100))
	stuck := again.dial()
	send(stuck, raw[:len(raw)-5])
	again.record(completedOrder("NEXT", "ann", 100))
	began = time.Now()
	if code := again.terminate(); code != 0 {
		t.Errorf("with a body that never comes, the exit code is %d:\n%s", code, again.stderr)
	}
	t.Logf("with a body that never comes, the end took %s", time.Since(began))
	if verified := count(replay(t, s.data), "PaymentVerified"); len(verified) != 2 {
		t.Errorf("verified are %v", verified)
	}
}
