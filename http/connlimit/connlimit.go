// Package connlimit bounds the connections of a server: how many there are, how
// many of them one address or one user has, and how long a client may take to
// prove who it is. It knows no protocol. Below are listeners, above a server that
// says which of its connections have authenticated.
//
// A newcomer is more likely to be of use than a connection that does nothing. So
// where there is no room, a connection that may be closed gives way, first one of
// whoever has the most; only if there is none is the newcomer refused.
package connlimit

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Room is how many connections may be open at once of those who share it.
type Room struct {
	Most  int // connections
	Share int // of them that one address or user may have; 0 is all

	// Patience is how long a connection may stay here before it moves on with
	// Authenticated. 0 is for ever.
	Patience time.Duration

	// Strangers marks a room of clients that are nobody known: any of its
	// connections may be closed for a newcomer whose request is not Underway. In
	// other rooms only those may that wait for a request.
	Strangers bool
}

// Limit bounds the connections of its listeners, all of them together.
type Limit struct {
	room        func(netip.Addr) *Room
	writeBuffer int

	mu      sync.Mutex
	open    map[string]*conn // by the remote address; each is in a room
	holders map[*Room]map[string]*holder
	counts  map[*Room]int
	turned  map[*Room]int // connections that were closed for want of room
}

// holder is an address or a user in a room, with its connections.
type holder struct {
	room  *Room
	name  string
	conns map[*conn]struct{}
}

// New bounds connections, each by the room that its address belongs to. The kernel
// keeps at most writeBuffer bytes of what a client does not read; with 0 it
// decides itself, and takes megabytes.
func New(room func(netip.Addr) *Room, writeBuffer int) *Limit {
	return &Limit{
		room:        room,
		writeBuffer: writeBuffer,
		open:        make(map[string]*conn),
		holders:     make(map[*Room]map[string]*holder),
		counts:      make(map[*Room]int),
		turned:      make(map[*Room]int),
	}
}

// Listen returns a listener whose connections are bounded.
func (l *Limit) Listen(listener net.Listener) net.Listener { return limited{listener, l} }

type limited struct {
	net.Listener

	limit *Limit
}

// Accept implements net.Listener. Connections without room are closed at once.
func (l limited) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := newConn(l.limit, accepted)
		if !l.limit.enter(c) {
			refuse(accepted)
			continue
		}
		if tcp, ok := accepted.(*net.TCPConn); ok && l.limit.writeBuffer > 0 {
			_ = tcp.SetWriteBuffer(l.limit.writeBuffer) // it may have been closed already
		}
		return c, nil
	}
}

// refuse closes a connection and keeps nothing of it, not even in the kernel.
func refuse(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// enter finds room for a connection, or reports that there is none.
func (l *Limit) enter(c *conn) bool {
	address := addressOf(c.RemoteAddr())
	room := l.room(address)
	l.mu.Lock()
	victim, ok := l.makeRoom(room, shareOf(address))
	if victim != nil || !ok {
		l.turned[room]++
	}
	if ok {
		l.open[c.remote] = c
		l.add(c, room, shareOf(address))
	}
	l.mu.Unlock()
	if victim != nil {
		_ = victim.Close()
	}
	return ok
}

// Authenticated says that the connection from a remote address is that of a user
// in another room. It reports whether that has room; if not, the connection stays
// where it is. A connection that has moved on already stays there, and so does one
// that is not known or whose room is for others than strangers.
func (l *Limit) Authenticated(remote string, room *Room, user string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.open[remote]
	if c == nil || !c.holder.room.Strangers {
		return true
	}
	if l.counts[room] >= room.Most || room.Share > 0 && len(l.conns(room, user)) >= room.Share {
		return false
	}
	l.remove(c)
	l.add(c, room, user)
	return true
}

// Underway says that a request has come whole over the connection from a remote
// address, and is one of somebody known: the connection is not closed for a newcomer
// until it has been answered.
func (l *Limit) Underway(remote string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.open[remote]; c != nil {
		c.underway.Store(true)
	}
}

// Usage returns how many connections are open in a room, and how many were closed
// since the start because it was full: newcomers, and those that gave way to one.
func (l *Limit) Usage(room *Room) (open, turnedAway int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[room], l.turned[room]
}

// AfterWrite calls release once, when the answer that is being made for a remote
// address has been written: when the connection waits for the next request, or
// has been closed. It is called before the end of the answer is written.
func (l *Limit) AfterWrite(remote string, release func()) {
	l.mu.Lock()
	c := l.open[remote]
	if c != nil {
		c.releases = append(c.releases, release)
		c.holding.Store(true)
		c.answered.Store(false) // what was written before is not the answer
	}
	l.mu.Unlock()
	if c == nil {
		release()
	}
}

func (l *Limit) conns(room *Room, name string) map[*conn]struct{} {
	if h := l.holders[room][name]; h != nil {
		return h.conns
	}
	return nil
}

// add puts a connection into a room. The caller holds the lock.
func (l *Limit) add(c *conn, room *Room, name string) {
	holders := l.holders[room]
	if holders == nil {
		holders = make(map[string]*holder)
		l.holders[room] = holders
	}
	h := holders[name]
	if h == nil {
		h = &holder{room: room, name: name, conns: make(map[*conn]struct{})}
		holders[name] = h
	}
	h.conns[c] = struct{}{}
	c.holder = h
	l.counts[room]++
	if room.Patience > 0 {
		c.expiry = time.AfterFunc(room.Patience, func() { _ = c.Close() })
	}
}

// remove takes a connection out of its room. The caller holds the lock.
func (l *Limit) remove(c *conn) {
	h := c.holder
	if h == nil {
		return
	}
	c.holder = nil
	if c.expiry != nil {
		c.expiry.Stop()
		c.expiry = nil
	}
	delete(h.conns, c)
	l.counts[h.room]--
	if len(h.conns) == 0 {
		delete(l.holders[h.room], h.name)
	}
}

// forget is what becomes of a connection that is closed.
func (l *Limit) forget(c *conn) (releases []func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leave(c)
	return c.takeReleases()
}

// leave takes a connection out of its room for good: from then on nobody knows it,
// though its last request may still run. The caller holds the lock.
func (l *Limit) leave(c *conn) {
	if l.open[c.remote] == c {
		delete(l.open, c.remote)
	}
	l.remove(c)
}
