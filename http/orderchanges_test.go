package httpapi

import (
	"bufio"
	"context"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/projections/orders"

	"github.com/go-json-experiment/json"
)

// soon bounds what should happen within a second.
const soon = 5 * time.Second

// page is a page that waits for its order.
type page struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
	close    context.CancelFunc
}

// pageEvent is what a page is told.
type pageEvent struct {
	id    string
	order orders.Order
}

// open asks for the changes of an order. last is the id of the last event that the
// page has seen, if any.
func (w *world) open(t *testing.T, address, id, last string) *page {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/orders/"+id+"/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+tokens[Website])
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{t, response, bufio.NewReader(response.Body), func() { cancel(); _ = response.Body.Close() }}
	t.Cleanup(p.close)
	return p
}

// opened asks for a stream that must be granted.
func (w *world) opened(t *testing.T, address, id, last string) *page {
	t.Helper()
	p := w.open(t, address, id, last)
	if p.response.StatusCode != http.StatusOK || p.response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %d %v", p.response.StatusCode, p.response.Header)
	}
	return p
}

// next returns the next event, which must come soon.
func (p *page) next() pageEvent {
	p.t.Helper()
	timer := time.AfterFunc(soon, p.close)
	defer timer.Stop()
	var e pageEvent
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil {
			p.t.Fatalf("no event: %v", err)
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case name == "id":
			e.id = value
		case name == "data":
			if err := json.Unmarshal([]byte(value), &e.order); err != nil {
				p.t.Fatalf("%s: %v", value, err)
			}
		case line == "" && e.id != "":
			return e
		case line != "" && !strings.HasPrefix(line, ":"):
			p.t.Fatalf("unexpected: %q", line)
		}
	}
}

// ends waits for the end of the stream, before which nothing more may come.
func (p *page) ends() {
	p.t.Helper()
	timer := time.AfterFunc(soon, p.close)
	defer timer.Stop()
	if rest, err := io.ReadAll(p.lines); err != nil || len(rest) > 0 {
		p.t.Errorf("the stream ends with %q, %v", rest, err)
	}
}

func TestAPageHearsOfItsPaymentAsItHappens(t *testing.T) {
	w := newWorld(t, wiring{})
	address := serve(t, w.server, w.server.front.logger)
	before := w.opened(t, address, "coinbase.A", "")
	other := w.opened(t, address, "coinbase.B", "")
	began := time.Now()
	w.post(completed("A", "u1", 1253, "USD"))
	paid := before.next()
	if took := time.Since(began); paid.order.Status != orders.Paid || paid.order.User != "u1" || took > time.Second {
		t.Errorf("after %s: %+v", took, paid.order)
	}
	w.post(`{"order":{"id":"A","status":"expired"}}`)
	changed := before.next()
	if changed.id == paid.id || len(changed.order.ReportedStatuses) != 1 {
		t.Errorf("after another report: %+v", changed)
	}
	w.post(completed("A", "u1", 1253, "USD")) // changes nothing
	w.post(completed("B", "u2", 1, "USD"))
	if e := other.next(); e.order.User != "u2" {
		t.Errorf("another page hears of %+v", e)
	}

	// What GET answers comes first, and what was seen does not come again.
	var got orders.Order
	if err := json.Unmarshal(w.get(Website, "/orders/coinbase.A").Body, &got); err != nil {
		t.Fatal(err)
	}
	for _, last := range []string{"", paid.id, "nonsense"} {
		if e := w.opened(t, address, "coinbase.A", last).next(); e.id != changed.id || e.order.Changed != got.Changed || e.order.Status != got.Status {
			t.Errorf("after %q: %+v, not %+v", last, e, got)
		}
	}
	again := w.opened(t, address, "coinbase.A", changed.id)
	w.post(completed("A", "u3", 5, "USD"))
	if e := again.next(); e.id == changed.id || len(e.order.Holds) != 1 {
		t.Errorf("resumed: %+v", e)
	}
	w.stopChanges()
	for _, p := range []*page{again, other} {
		p.ends()
	}
}

// countedStore counts its subscriptions.
type countedStore struct {
	eventstore.Store
	subscriptions *atomic.Int32
}

func (s countedStore) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	s.subscriptions.Add(1)
	return s.Store.Subscribe(ctx, after, include...)
}

func TestAllPagesShareOneSubscription(t *testing.T) {
	var subscriptions atomic.Int32
	w := newWorld(t, wiring{store: func(s eventstore.Store) eventstore.Store { return countedStore{s, &subscriptions} }})
	address := serve(t, w.server, w.server.front.logger)
	var pages []*page
	for _, id := range []string{"A", "A", "B"} {
		pages = append(pages, w.opened(t, address, "coinbase."+id, ""))
	}
	w.post(completed("A", "u1", 1, "USD"))
	w.post(completed("B", "u1", 1, "USD"))
	for _, p := range pages {
		p.next()
	}
	if n := subscriptions.Load(); n != 1 {
		t.Errorf("the log has %d subscriptions", n)
	}
}

// faultyStore ends its first subscriptions.
type faultyStore struct {
	eventstore.Store
	faults *atomic.Int32
}

func (s faultyStore) Subscribe(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for message, err := range s.Store.Subscribe(ctx, after, include...) {
			if !yield(message, err) {
				return
			}
			if message.Event != nil && s.faults.Add(-1) >= 0 {
				yield(eventstore.Message{}, eventstore.ErrUnavailable)
				return
			}
		}
	}
}

func TestNoChangeIsMissedWhenTheSubscriptionEnds(t *testing.T) {
	var faults atomic.Int32
	faults.Store(3)
	w := newWorld(t, wiring{store: func(s eventstore.Store) eventstore.Store { return faultyStore{s, &faults} }})
	p := w.opened(t, serve(t, w.server, w.server.front.logger), "coinbase.A", "")
	w.post(completed("B", "u1", 1, "USD"))
	w.post(completed("A", "u1", 1, "USD"))
	for p.next().order.Status != orders.Paid {
	}
}

func TestStreamsHaveBoundedRoomThatAHangUpFrees(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.streaming.most, w.server.guard.streaming.share = 2, 1
	address := serve(t, w.server, w.server.front.logger)
	first := w.opened(t, address, "coinbase.A", "")
	full := w.open(t, address, "coinbase.A", "")
	body, _ := io.ReadAll(full.lines)
	if a := (answer{full.response.StatusCode, full.response.Header, body}); !isProblem(a, overloaded) || a.Header.Get("Retry-After") == "" {
		t.Errorf("a second stream of the token: %d %s", a.Status, a.Body)
	}
	if a := w.get(Website, "/balances/u1"); a.Status != http.StatusOK {
		t.Errorf("a read beside it: %d %s", a.Status, a.Body)
	}
	first.close()
	for deadline := time.Now().Add(soon); w.open(t, address, "coinbase.A", "").response.StatusCode != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("the place is not free again")
		}
	}
}

func TestWhereTheOrderCannotBeReadNoStreamBegins(t *testing.T) {
	w := newWorld(t, wiring{noProjections: true})
	p := w.open(t, serve(t, w.server, w.server.front.logger), "coinbase.A", "")
	body, _ := io.ReadAll(p.lines)
	if a := (answer{p.response.StatusCode, p.response.Header, body}); !isProblem(a, behind) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestAStreamOfARevokedTokenSaysNothingMore(t *testing.T) {
	w := newWorld(t, wiring{})
	p := w.opened(t, serve(t, w.server, w.server.front.logger), "coinbase.A", "")
	others, err := ParseTokens([]string{"website:shop:another"})
	if err != nil {
		t.Fatal(err)
	}
	w.server.SetTokens(others)
	w.post(completed("A", "u1", 1, "USD"))
	p.ends()
}

// A listener that comes before the log is followed hears of that, and its order may
// still be unknown.
func TestAnOrderThatIsNotKnownEndsNoStream(t *testing.T) {
	w := newWorld(t, wiring{})
	p := w.opened(t, serve(t, w.server, w.server.front.logger), "coinbase.A", "")
	w.server.changes.tellAll(1)
	w.post(completed("A", "u1", 1, "USD"))
	if e := p.next(); e.order.User != "u1" {
		t.Errorf("%+v", e)
	}
}

func TestAQuietStreamShowsThatItIsAlive(t *testing.T) {
	w := newWorld(t, wiring{})
	o := orderRoutes{hub: w.server.changes, heartbeat: time.Millisecond}
	recorder := httptest.NewRecorder()
	beats := 0
	c := &call{ResponseWriter: recorder, allowed: func() bool { beats++; return beats <= 3 }}
	if err := o.follow(t.Context(), &orderStream{w: c, control: http.NewResponseController(c)}, "coinbase.A", nil); err != nil {
		t.Error(err)
	}
	if text := recorder.Body.String(); text != ":\n\n:\n\n:\n\n" || !recorder.Flushed {
		t.Errorf("written is %q", text)
	}
}

func TestHeadOfAStreamIsItsHeader(t *testing.T) {
	w := newWorld(t, wiring{})
	a := w.do(w.request(Website, http.MethodHead, "/orders/coinbase.A/changes", ""))
	if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v", a.Status, a.Header)
	}
}

// A client that does not read what is streamed to it is cut off, and the handler ends.
func TestASlowReaderOfAStreamIsCutOff(t *testing.T) {
	ended := make(chan struct{})
	address := serveImpatiently(t, 50*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		s := orderStream{w: &call{ResponseWriter: w}, control: http.NewResponseController(w)}
		for s.write(strings.Repeat("x", 64<<10)) == nil {
		}
	})
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(connection, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(soon):
		t.Error("the handler writes to a client that reads nothing")
	}
}

// Streams do not hold up the end of the server.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	w := newWorld(t, wiring{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	defer cancel()
	context.AfterFunc(ctx, w.stopChanges) // as the server wires it: both end with one context
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, listener, w.server, slog.New(slog.DiscardHandler)) }()
	p := w.opened(t, listener.Addr().String(), "coinbase.A", "")
	began := time.Now()
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > soon {
		t.Errorf("the end took %s", took)
	}
	p.ends()
}
