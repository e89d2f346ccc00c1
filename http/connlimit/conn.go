package connlimit

import (
	"net"
	"sync/atomic"
	"time"
)

// conn is a connection that knows whether it waits for a request: nothing has come
// yet, or something was written after what came last.
type conn struct {
	net.Conn

	limit  *Limit
	remote string

	holder   *holder     // guarded by limit.mu; nil when it has been closed
	expiry   *time.Timer // guarded by limit.mu
	releases []func()    // guarded by limit.mu; what AfterWrite was given

	since    atomic.Int64 // ns since 1970 of when it began to wait, or a request to come; negative for the latter
	answered atomic.Bool  // written to since a request came
	holding  atomic.Bool  // there may be releases
	underway atomic.Bool  // a request has come whole
}

func newConn(limit *Limit, accepted net.Conn) *conn {
	c := &conn{Conn: accepted, limit: limit, remote: accepted.RemoteAddr().String()}
	c.since.Store(time.Now().UnixNano())
	return c
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if c.answered.Load() {
		c.answered.Store(false)
		c.underway.Store(false)
		c.since.Store(time.Now().UnixNano())
		if c.holding.Load() {
			c.limit.release(c)
		}
	}
	n, err := c.Conn.Read(p)
	if since := c.since.Load(); n > 0 && since > 0 {
		c.since.Store(-since)
	}
	return n, err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.answered.Store(true)
	return n, err
}

// Close implements net.Conn.
func (c *conn) Close() error {
	releases := c.limit.forget(c)
	err := c.Conn.Close()
	for _, release := range releases {
		release()
	}
	return err
}

func (l *Limit) release(c *conn) {
	l.mu.Lock()
	releases := c.takeReleases()
	l.mu.Unlock()
	for _, release := range releases {
		release()
	}
}

// takeReleases is called by who holds the lock, and what it returns by who does
// not.
func (c *conn) takeReleases() []func() {
	releases := c.releases
	c.releases = nil
	c.holding.Store(false)
	return releases
}

// idle reports whether the connection waits for a request.
func (c *conn) idle() bool { return c.since.Load() > 0 }

// before reports whether a connection should be closed rather than another.
func (c *conn) before(other *conn) bool {
	own, others := c.since.Load(), other.since.Load()
	if (own > 0) != (others > 0) {
		return own > 0
	}
	return max(own, -own) < max(others, -others)
}
