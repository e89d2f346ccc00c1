package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// memoryBound is what a server may take while clients do their worst, in MB. It
// takes about 60 when it has nothing to do.
const memoryBound = 300

// memory returns what a process takes of the machine's memory, and the most that
// it has taken, in MB.
func (p *process) memory() (resident, most int) {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		p.t.Skipf("this system does not say what a process takes: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &resident)
		_, _ = fmt.Sscanf(line, "VmHWM: %d kB", &most)
	}
	return resident >> 10, most >> 10
}

// largeStream records an order whose events have more than a page of evidence, and
// returns the path of its stream.
func (s *server) largeStream() string {
	s.t.Helper()
	const payments, padding = 40, 200_000
	var cents []int
	for i := range payments {
		cents = append(cents, i+1)
		body := strings.TrimSuffix(mispaidOrder("LARGE", "ann", "mispaid", cents...), "}")
		s.record(body + `,"padding":"` + strings.Repeat("x", padding) + `"}`)
	}
	return "/streams/order-coinbase.LARGE?limit=1000"
}

// stall asks for something and does not read the answer.
func (c client) stall(path, token string) *net.TCPConn {
	c.test.Helper()
	conn := c.dial()
	if err := conn.SetReadBuffer(4 << 10); err != nil {
		c.test.Fatal(err)
	}
	send(conn, "GET "+path+" HTTP/1.1\r\nHost: daybook\r\nAuthorization: Bearer "+token+"\r\n\r\n")
	return conn
}

// Readers that ask for the largest pages and do not read them take a bounded part
// of the memory, whoever they are, and only for as long as an answer may take.
func TestReadersThatDoNotReadTakeLittleMemory(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	large := s.largeStream()
	for _, readers := range []int{64, 256} {
		for range readers {
			s.stall(large, auditorSecret)
		}
		slowest := time.Duration(0)
		for i := range 300 {
			began := time.Now()
			s.record(completedOrder(fmt.Sprint("BESIDE-", readers, "-", i), "bob", 1))
			slowest = max(slowest, time.Since(began))
			if a := s.request("GET", "/balances/bob", websiteSecret, ""); a.status != 200 {
				t.Fatalf("a small read is answered %d %s", a.status, a.body)
			}
			if i%30 > 0 {
				continue
			}
			// Another token has room of its own.
			if a := s.request("GET", "/streams/order-coinbase.LARGE?limit=3", operatorSecret, ""); a.status != 200 {
				t.Errorf("another's read is answered %d %s", a.status, a.body)
			}
			if a := s.request("GET", large, auditorSecret, ""); a.status != 200 && (a.status != 503 || a.header.Get("Retry-After") == "") {
				t.Errorf("a large read is answered %d %s", a.status, a.body)
			}
		}
		resident, most := s.memory()
		t.Logf("with %d readers: %d MB, at most %d MB; the slowest callback took %s", readers, resident, most, slowest)
		if most > memoryBound {
			t.Errorf("with %d readers that do not read, the server has taken %d MB", readers, most)
		}
	}
	for deadline := time.Now().Add(patience); ; {
		a := s.request("GET", large, auditorSecret, "")
		if a.status == 200 && len(a.body) > 7<<20 {
			return // those who did not read have been cut off
		}
		if time.Now().After(deadline) {
			t.Fatalf("afterwards a large read is answered %d, with %d bytes", a.status, len(a.body))
		}
	}
}

// A page that has no room for more ends early, and says where the next one begins:
// who reads on reads everything.
func TestPagesEndEarlyWhereThereIsNoMemory(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	large := s.largeStream()
	for range 16 {
		s.stall(large, auditorSecret)
	}
	var revisions []uint64
	next := ""
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); {
		a := s.request("GET", large+next, auditorSecret, "")
		if a.status == 503 {
			continue
		}
		var page struct {
			Events []struct{ Revision uint64 }
			Next   string
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			revisions = append(revisions, e.Revision)
		}
		if page.Next == "" {
			break
		}
		next = "&from=" + page.Next
	}
	for i, revision := range revisions {
		if revision != uint64(i) {
			t.Fatalf("event %d has revision %d", i, revision)
		}
	}
	if len(revisions) < 40 {
		t.Errorf("there are %d events", len(revisions))
	}
}

// dialFrom connects from an address of this machine. The connection ends with the
// test.
func (c client) dialFrom(address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: patience}
	conn, err := d.DialContext(c.test.Context(), "tcp", c.address)
	if err == nil {
		c.test.Cleanup(func() { _ = conn.Close() })
	}
	return conn, err
}

// from returns a client that connects from an address, once for each request.
func (c client) from(address string) client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: patience}
	c.http = &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}}
	return c
}

// Strangers open as many connections as they can, from several addresses, some of
// which say nothing, some half a request, some that ask, and wait. Neither callbacks
// nor the website are kept out, and the memory is bounded.
func TestStrangersConnectionsKeepNobodyOut(t *testing.T) {
	anyLog(t)
	t.Parallel()
	const addresses, each = 20, 200
	s := start(t, options{from: "127.0.1.0/24"})
	coinbase, website := s.from("127.0.1.7"), s.from("127.0.2.1")
	var mu sync.Mutex
	var opened []net.Conn
	var strangers sync.WaitGroup
	for i := range addresses {
		strangers.Go(func() {
			for j := range each {
				conn, err := s.dialFrom(fmt.Sprintf("127.0.3.%d", i+1))
				if err != nil {
					continue // refused, that is
				}
				_, _ = io.WriteString(conn, []string{"", "GET /hea", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"}[j%3])
				mu.Lock()
				opened = append(opened, conn)
				mu.Unlock()
			}
		})
	}
	flooded := make(chan struct{})
	go func() { strangers.Wait(); close(flooded) }()
	for i, done := 0, false; !done; i++ {
		select {
		case <-flooded:
			done = true
		default:
		}
		coinbase.record(completedOrder(fmt.Sprint("FLOOD-", i), "ann", 1))
		if a := website.request("GET", "/balances/ann", websiteSecret, ""); a.status != 200 {
			t.Fatalf("the website is answered %d %s", a.status, a.body)
		}
	}
	resident, most := s.memory()
	goroutines := coinbase.metric("go_goroutines")
	t.Logf("with %d connections of strangers: %d MB, at most %d MB, %.0f goroutines", len(opened), resident, most, goroutines)
	if most > memoryBound/2 || goroutines > 2000 {
		t.Errorf("%d connections of strangers take %d MB and %.0f goroutines", len(opened), most, goroutines)
	}
}

// One address has a share; connections of the website that have authenticated stay.
func TestOneAddressOfStrangersHasAShare(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{from: "127.0.1.0/24"})
	kept, err := s.dialFrom("127.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	ask := "GET /balances/ann HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + websiteSecret + "\r\n\r\n"
	answers := bufio.NewReader(kept)
	send(kept.(*net.TCPConn), ask)
	readAnswer(t, answers)
	for range 3000 {
		_, _ = s.dialFrom("127.0.3.1")
	}
	if goroutines := s.from("127.0.1.1").metric("go_goroutines"); goroutines > 500 {
		t.Errorf("one address has %.0f goroutines", goroutines)
	}
	send(kept.(*net.TCPConn), ask)
	if a := readAnswer(t, answers); a.status != 200 {
		t.Errorf("the website's own connection is answered %d", a.status)
	}
}
