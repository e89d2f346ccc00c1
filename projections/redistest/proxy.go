package redistest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between a client and a server and can lose what passes.
type Proxy struct {
	Address string

	target   atomic.Value // address
	listener net.Listener
	passing  atomic.Int64 // answers that are passed on before any is lost
	losing   atomic.Int64 // answers that are then to be lost
	refusing atomic.Bool
	running  sync.WaitGroup

	mu          sync.Mutex // guards connections
	connections map[net.Conn]bool
}

// NewProxy starts a proxy in front of a server, until the test ends.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Address: listener.Addr().String(), listener: listener, connections: make(map[net.Conn]bool)}
	p.target.Store(s.Address)
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		p.running.Wait()
	})
	return p
}

// URL returns the address as a URL.
func (p *Proxy) URL() string { return "redis://" + p.Address }

// Lose loses the next n answers of the server, of whatever connection, and with
// each its connection. What was asked for has been done.
func (p *Proxy) Lose(n int) { p.LoseAfter(0, n) }

// LoseAfter is Lose behind so many answers that are passed on.
func (p *Proxy) LoseAfter(passed, n int) {
	p.losing.Store(0)
	p.passing.Store(int64(passed))
	p.losing.Store(int64(n))
}

// Redirect leads to another server from here on, as a failover does.
func (p *Proxy) Redirect(s *Server) {
	p.target.Store(s.Address)
	p.Cut()
}

// Refuse takes no connections any more, until Accept, and cuts those there are.
func (p *Proxy) Refuse() {
	p.refusing.Store(true)
	p.Cut()
}

// Accept ends Refuse.
func (p *Proxy) Accept() { p.refusing.Store(false) }

// Cut closes all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		_ = c.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target.Load().(string))
		if err != nil || p.refusing.Load() {
			_ = client.Close()
			if err == nil {
				_ = server.Close()
			}
			continue
		}
		p.add(client, server)
		p.running.Go(func() { p.pass(client, server, func() bool { return false }) })
		p.running.Go(func() {
			p.pass(server, client, func() bool { return p.losing.Load() > 0 && p.passing.Add(-1) < 0 && p.losing.Add(-1) >= 0 })
		})
	}
}

func (p *Proxy) add(connections ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range connections {
		p.connections[c] = true
	}
}

// pass passes on what comes, until either end closes or something is lost.
func (p *Proxy) pass(from, to net.Conn, lose func() bool) {
	defer func() {
		_ = from.Close()
		_ = to.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.connections, from)
		delete(p.connections, to)
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && lose() {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
