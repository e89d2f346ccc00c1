package connlimit_test

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"daybook/http/connlimit"
)

// patience bounds what takes a moment on an idle machine.
const patience = 10 * time.Second

// world is a listener on this machine, and who connects to it.
type world struct {
	t        *testing.T
	limit    *connlimit.Limit
	room     *connlimit.Room
	listener net.Listener
	accepted chan net.Conn
}

// pair is a connection seen from both ends.
type pair struct{ client, server net.Conn }

func (p pair) remote() string { return p.server.RemoteAddr().String() }

// newWorld bounds all connections by one room.
func newWorld(t *testing.T, room connlimit.Room) *world {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, room: &room, limit: connlimit.New(func(netip.Addr) *connlimit.Room { return &room }, 0), accepted: make(chan net.Conn)}
	w.listener = w.limit.Listen(listener)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := w.listener.Accept()
			if err != nil {
				return
			}
			w.accepted <- c
		}
	}()
	t.Cleanup(func() {
		_ = w.listener.Close()
		<-done
	})
	return w
}

// dial connects from an address of this machine.
func (w *world) dial(from string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := d.DialContext(w.t.Context(), "tcp", w.listener.Addr().String())
	if err == nil {
		w.t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

// connect connects, and must be let in.
func (w *world) connect(from string) pair {
	w.t.Helper()
	client, err := w.dial(from)
	if err != nil {
		w.t.Fatal(err)
	}
	select {
	case server := <-w.accepted:
		w.t.Cleanup(func() { _ = server.Close() })
		return pair{client, server}
	case <-time.After(patience):
		w.t.Fatalf("a connection from %s is not let in", from)
		return pair{}
	}
}

// ask sends something that the server reads.
func (w *world) ask(p pair) {
	w.t.Helper()
	if _, err := io.WriteString(p.client, "?"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.ReadFull(p.server, make([]byte, 1)); err != nil {
		w.t.Fatal(err)
	}
}

// answer sends something back, after which the server waits for more.
func (w *world) answer(p pair) {
	w.t.Helper()
	if _, err := io.WriteString(p.server, "!"); err != nil {
		w.t.Fatal(err)
	}
	_ = p.server.SetReadDeadline(time.Now())
	_, _ = p.server.Read(make([]byte, 1))
	_ = p.server.SetReadDeadline(time.Time{})
}

// wantClosed waits for the end of a connection, as its client sees it.
func wantClosed(t *testing.T, what string, client net.Conn) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(patience))
	for {
		_, err := client.Read(make([]byte, 16))
		if err, ok := err.(net.Error); ok && err.Timeout() {
			t.Errorf("%s is not closed", what)
		}
		if err != nil {
			return
		}
	}
}

// wantOpen sends something through a connection.
func (w *world) wantOpen(what string, p pair) {
	w.t.Helper()
	if _, err := io.WriteString(p.client, "?"); err != nil {
		w.t.Errorf("%s is closed: %v", what, err)
		return
	}
	_ = p.server.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(p.server, make([]byte, 1)); err != nil {
		w.t.Errorf("%s is closed: %v", what, err)
	}
}

// wantUsage waits until a newcomer that is refused has been counted.
func (w *world) wantUsage(open, turnedAway int) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		gotOpen, gotTurned := w.limit.Usage(w.room)
		if gotOpen == open && gotTurned == turnedAway {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d connections are open and %d were turned away, want %d and %d", gotOpen, gotTurned, open, turnedAway)
		}
	}
}

func TestAFullRoomTakesFromWhoHasTheMost(t *testing.T) {
	w := newWorld(t, connlimit.Room{Most: 4, Strangers: true})
	few := w.connect("127.0.0.2")
	many := []pair{w.connect("127.0.0.3"), w.connect("127.0.0.3"), w.connect("127.0.0.3")}
	w.ask(many[0]) // so that the second has done nothing for the longest time
	newcomer := w.connect("127.0.0.4")
	wantClosed(t, "the oldest idle connection of the address with the most", many[1].client)
	again := w.connect("127.0.0.3")
	wantClosed(t, "that of an address that has the most itself", many[2].client)
	w.wantOpen("the first", few)
	w.wantOpen("one that has asked", many[0])
	w.wantOpen("the newcomer", newcomer)
	w.wantOpen("the one after that", again)
	w.wantUsage(4, 2)
}

func TestAnAddressHasAShare(t *testing.T) {
	w := newWorld(t, connlimit.Room{Most: 100, Share: 2, Strangers: true})
	other := w.connect("127.0.0.2")
	own := []pair{w.connect("127.0.0.3"), w.connect("127.0.0.3"), w.connect("127.0.0.3")}
	wantClosed(t, "the oldest of the same address", own[0].client)
	for what, p := range map[string]pair{"another address": other, "the second": own[1], "the third": own[2]} {
		w.wantOpen(what, p)
	}
}

// Whoever is no stranger has running requests finished.
func TestRunningRequestsAreNotCutOff(t *testing.T) {
	w := newWorld(t, connlimit.Room{Most: 2})
	running, idle := w.connect("127.0.0.2"), w.connect("127.0.0.2")
	w.ask(running)
	w.ask(idle)
	if refused, err := w.dial("127.0.0.3"); err == nil { // else it has been refused already
		wantClosed(t, "a connection too many", refused)
	}
	w.wantUsage(2, 1) // a newcomer is turned away itself
	w.answer(idle)
	newcomer := w.connect("127.0.0.3")
	wantClosed(t, "the one that waits for the next request", idle.client)
	w.wantOpen("the running one", running)
	w.wantOpen("the newcomer", newcomer)
	_ = running.server.Close()
	w.wantOpen("one that takes the place of one that ended", w.connect("127.0.0.3"))
}

// A stranger whose request has come whole is no stranger until it is answered.
func TestARequestThatIsUnderwayIsNotCutOff(t *testing.T) {
	w := newWorld(t, connlimit.Room{Most: 2, Strangers: true})
	whole, half := w.connect("127.0.0.2"), w.connect("127.0.0.2")
	w.ask(whole)
	w.limit.Underway(whole.remote())
	w.ask(half)
	newcomer := w.connect("127.0.0.3")
	wantClosed(t, "the one whose request came later, and not whole", half.client)
	w.ask(newcomer)
	w.limit.Underway(newcomer.remote())
	if refused, err := w.dial("127.0.0.4"); err == nil { // else it has been refused already
		wantClosed(t, "a connection too many", refused)
	}
	w.wantUsage(2, 2)
	w.answer(whole)
	w.ask(whole) // the next one is not whole yet
	w.wantOpen("one that comes after that", w.connect("127.0.0.4"))
	wantClosed(t, "the one that was answered", whole.client)
	w.wantOpen("the one that is underway", newcomer)
	w.limit.Underway("192.0.2.1:1") // of which nothing is known
}

func TestWhoHasAuthenticatedLeavesTheStrangers(t *testing.T) {
	const most, share = 3, 2
	users := &connlimit.Room{Most: most, Share: share}
	w := newWorld(t, connlimit.Room{Most: 1, Patience: 300 * time.Millisecond, Strangers: true})
	var known []pair
	for i, c := range []struct {
		user string
		want bool
	}{{"ann", true}, {"ann", true}, {"ann", false}, {"bob", true}, {"eve", false}} {
		p := w.connect("127.0.0.2")
		if got := w.limit.Authenticated(p.remote(), users, c.user); got != c.want {
			t.Errorf("connection %d, of %s: %t", i, c.user, got)
		}
		if !c.want {
			wantClosed(t, "one without room", p.client)
			continue
		}
		if !w.limit.Authenticated(p.remote(), users, c.user) {
			t.Errorf("connection %d has moved on, and has no room the second time", i)
		}
		known = append(known, p)
	}
	wantClosed(t, "a stranger", w.connect("127.0.0.2").client) // after his time
	for _, p := range known {
		w.wantOpen("who is known", p)
	}
	_ = known[0].server.Close()
	if p := w.connect("127.0.0.2"); !w.limit.Authenticated(p.remote(), users, "ann") {
		t.Error("there is no room after one has ended")
	}
}

func TestAnswersAreWrittenWhenTheNextRequestIsAwaited(t *testing.T) {
	w := newWorld(t, connlimit.Room{Most: 10})
	released := 0
	release := func() { released++ }
	want := func(when string, n int) {
		t.Helper()
		if released != n {
			t.Errorf("%s: released %d times, not %d", when, released, n)
		}
	}
	p := w.connect("127.0.0.1")
	w.ask(p)
	_, _ = io.WriteString(p.server, "100 Continue") // no answer yet
	w.limit.AfterWrite(p.remote(), release)
	w.ask(p) // more of the same request
	want("before the answer", 0)
	w.answer(p)
	want("after the answer", 1)
	w.ask(p)
	w.limit.AfterWrite(p.remote(), release)
	_ = p.server.Close()
	want("without an answer", 2)
	w.limit.AfterWrite(p.remote(), release)
	want("without a connection", 3)
}
