package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// waitFor sends a request that waits, and returns when it does.
func (w *world) waitFor(query string) <-chan answer {
	w.Helper()
	answered := make(chan answer, 1)
	r := w.request(Website, http.MethodGet, "/orders?"+query, "")
	room := w.server.guard.streaming
	before := func() int {
		room.mu.Lock()
		defer room.mu.Unlock()
		return room.all
	}
	others := before()
	go func() { answered <- w.do(r) }()
	for before() == others {
		time.Sleep(time.Millisecond)
	}
	return answered
}

func (w *world) receive(answered <-chan answer) answer {
	w.Helper()
	select {
	case a := <-answered:
		return a
	case <-time.After(20 * time.Second):
		w.Fatal("the request still waits")
		return answer{}
	}
}

func TestAWaitingRequestHearsOfAChange(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(completed("A", "u1", 100, "USD"))
	after := w.orders("changed_after=0").ChangedAfter
	answered := w.waitFor("wait=30&changed_after=" + after)
	w.post(`{"order":{"status":"completed"}}`) // an event of no order
	w.settle()
	select {
	case a := <-answered:
		t.Fatalf("answered %s without a change", a.Body)
	case <-time.After(3 * changePause):
	}
	w.post(completed("B", "u1", 100, "USD"))
	a := w.receive(answered)
	var list orderList
	if err := json.Unmarshal(a.Body, &list); err != nil || fmt.Sprint(list.ids(t)) != "[coinbase.B]" {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
	if next := w.orders("changed_after=" + list.ChangedAfter); len(next.Orders) > 0 {
		t.Errorf("after that there is %s", next.Orders)
	}
}

func TestAWaitingRequestIsAnsweredWhenTheTimeIsOver(t *testing.T) {
	w := newWorld(t, wiring{})
	began := time.Now()
	if a := w.receive(w.waitFor("wait=1&changed_after=0")); string(a.Body) != `{"orders":[],"changed_after":"1","position":"1"}`+"\n" {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("answered after %s", took)
	}
}

func TestAWaitingRequestEndsWhenTheServerStops(t *testing.T) {
	w := newWorld(t, wiring{})
	answered := w.waitFor("wait=30&changed_after=0")
	w.stopChanges()
	if a := w.receive(answered); a.Status != http.StatusOK {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
}

func TestAWaitingRequestEndsWithItsToken(t *testing.T) {
	w := newWorld(t, wiring{})
	answered := w.waitFor("wait=30&changed_after=0")
	others, err := ParseTokens([]string{"website:other:another-token"})
	if err != nil {
		t.Fatal(err)
	}
	w.server.SetTokens(others)
	w.post(completed("A", "u1", 100, "USD"))
	if a := w.receive(answered); a.Status != http.StatusUnauthorized {
		t.Errorf("answered %d %s", a.Status, a.Body)
	}
}

func TestACallerThatHangsUpEndsItsWait(t *testing.T) {
	w := newWorld(t, wiring{})
	begun := make(chan struct{})
	close(begun)
	w.hangingUp(t, "GET /orders?changed_after=0&wait=30 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "+tokens[Website]+"\r\n\r\n", begun, make(chan struct{}))
	if strings.Contains(w.log.text(), `"level":"ERROR"`) {
		t.Errorf("it is logged as a fault: %s", w.log.text())
	}
}

func TestRequestsThatWaitHaveRoomOfTheirOwn(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.reading.most = 0
	if a := w.get(Website, "/orders?changed_after=0&wait=0"); a.Status != http.StatusOK {
		t.Errorf("one that may wait is answered %d %s", a.Status, a.Body)
	}
	if a := w.get(Website, "/orders?changed_after=0"); !isProblem(a, overloaded) {
		t.Errorf("one that may not is answered %d %s", a.Status, a.Body)
	}
	w.server.guard.streaming.most = 0
	if a := w.get(Website, "/orders?changed_after=0&wait=1"); !isProblem(a, overloaded) {
		t.Errorf("one too many is answered %d %s", a.Status, a.Body)
	}
}

// TestAPositionBeyondTheLogIsRefused: an empty answer would hide what is recorded at
// positions that a restored log has again.
func TestAPositionBeyondTheLogIsRefused(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.wait = 10 * time.Millisecond
	for _, query := range []string{"changed_after=99", "changed_after=99&wait=1", "changed_after=9223372036854775807", "min_position=99"} {
		if a := w.get(Website, "/orders?"+query); !isProblem(a, behind) {
			t.Errorf("%s is answered %d %s", query, a.Status, a.Body)
		}
	}
}
