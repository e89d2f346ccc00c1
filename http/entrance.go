package httpapi

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// crowdedDelay is how long connections wait when the process has as many open
// files as it may have.
const crowdedDelay = 500 * time.Millisecond

// entrance is a listener that knows the connections it has let in. It waits while
// the process has no file left for another one, which to fasthttp would be the
// end.
type entrance struct {
	net.Listener
	logger *slog.Logger

	mu   sync.Mutex
	open map[*conn]struct{}
}

// Accept implements net.Listener.
func (e *entrance) Accept() (net.Conn, error) {
	for {
		c, err := e.Listener.Accept()
		switch {
		case err == nil:
			return e.enter(c), nil
		case !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE):
			return nil, err
		}
		e.logger.Warn("no file is left for another connection: allow more open files (ulimit -n)", "error", err)
		time.Sleep(crowdedDelay)
	}
}

func (e *entrance) enter(c net.Conn) *conn {
	entered := &conn{Conn: c, entrance: e, remote: c.RemoteAddr().String()}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		e.open = make(map[*conn]struct{})
	}
	e.open[entered] = struct{}{}
	return entered
}

func (e *entrance) leave(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.open, c)
}

// cutOff closes the connections that are still open.
func (e *entrance) cutOff() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.open {
		_ = c.Conn.Close()
	}
}

// conn is a connection that knows whether more can come. Nobody reads from it
// who has all that he needs, so one that was found to have ended has broken off.
type conn struct {
	net.Conn
	entrance *entrance
	remote   string
	ended    bool
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.ended = c.ended || err != nil
	return n, err
}

// Write implements net.Conn. Fasthttp sets a deadline for answers of handlers
// alone, and leaves it behind for whatever is written after them.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.entrance.leave(c)
	return c.Conn.Close()
}
