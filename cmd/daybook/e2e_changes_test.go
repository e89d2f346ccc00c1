package main_test

import (
	"bufio"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// page is a stream of an order's changes.
type page struct {
	t     *testing.T
	lines *bufio.Scanner
}

// openPage asks for the changes of an order, and returns when the stream has begun.
func (c client) openPage(t *testing.T, id, last string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.address+"/orders/"+id+"/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+websiteSecret)
	r.Header.Set("Last-Event-ID", last)
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the stream is answered %d", response.StatusCode)
	}
	timer := time.AfterFunc(patience, func() { _ = response.Body.Close() })
	t.Cleanup(func() { timer.Stop() })
	return page{t, bufio.NewScanner(response.Body)}
}

// next returns the next event.
func (p page) next() (id, data string) {
	p.t.Helper()
	for p.lines.Scan() {
		name, value, _ := strings.Cut(p.lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			return id, value
		}
	}
	p.t.Fatalf("the stream ends: %v", p.lines.Err())
	return "", ""
}

// TestReadmeTellsAPageThatItWasPaid pastes README's line, posts the payment while it
// runs, and goes on from there.
func TestReadmeTellsAPageThatItWasPaid(t *testing.T) {
	inTree(t)
	t.Parallel()
	s := start(t, options{})
	line := strings.ReplaceAll(block(t, readmeSection(t, "### Tell a page that its order was paid"), "sh"), "127.0.0.1:8080", s.address)
	curl := exec.CommandContext(t.Context(), "sh", "-c", "exec "+line)
	curl.Env = append(curl.Environ(), "DAYBOOK_TOKEN="+websiteSecret)
	printed, err := curl.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := curl.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = curl.Process.Kill()
		_ = curl.Wait()
	}()
	position := s.record(completedOrder("5RTQNACF", "alice", 1253)).Position
	id, data := (page{t, bufio.NewScanner(printed)}).next()
	if id != position || !strings.Contains(data, `"status":"paid"`) || !strings.Contains(data, `"user":"alice"`) {
		t.Errorf("curl prints %s %s", id, data)
	}

	resumed := s.openPage(t, "coinbase.5RTQNACF", id)
	began := time.Now()
	s.record(completedOrder("5RTQNACF", "bob", 1))
	next, data := resumed.next()
	if took := time.Since(began); next == id || !strings.Contains(data, `"contradiction":true`) || took > 3*time.Second {
		t.Errorf("resumed, after %s: %s %s", took, next, data)
	}
	began = time.Now()
	if code := s.terminate(); code != 0 || time.Since(began) > 5*time.Second {
		t.Errorf("beside a stream the end takes %s, with %d:\n%s", time.Since(began), code, s.stderr)
	}
}

// TestAPageOfOneServerHearsOfAPaymentAtAnother: both write to one EventStoreDB.
func TestAPageOfOneServerHearsOfAPaymentAtAnother(t *testing.T) {
	embedded(t)
	t.Parallel()
	database, _ := scratchServer(t, filepath.Join(t.TempDir(), "scratch"))
	both := options{settings: []string{"DAYBOOK_EVENTSTORE=" + database, secretsSetting, tokensSetting}}
	one, other := start(t, both), start(t, both)
	waiting := one.openPage(t, "coinbase.SHARED", "")
	began := time.Now()
	position := other.record(completedOrder("SHARED", "ann", 100)).Position
	if id, data := waiting.next(); id != position || !strings.Contains(data, `"status":"paid"`) || time.Since(began) > 3*time.Second {
		t.Errorf("after %s: %s %s", time.Since(began), id, data)
	}
}
