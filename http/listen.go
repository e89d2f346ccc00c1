package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// The limits of a connection. Whoever is slower than this is cut off, and a
// callback cut off is sent again.
const (
	readTimeout     = 10 * time.Second // for a whole request, and for the first byte of a connection
	writeTimeout    = 10 * time.Second // for each write of an answer
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 16 << 10
	shutdownTimeout = readTimeout + 5*time.Second // a request that stays away is answered 408, not cut off
)

// crowdedDelay is how long connections wait when the process has as many open
// files as it may have.
const crowdedDelay = 500 * time.Millisecond

// keptBytes is the largest buffer of an answer that a connection keeps for the
// next one. Most answers have less; one page of events can have megabytes.
const keptBytes = 8 << 10

// Serve answers on a listener until ctx ends. Then it takes no more
// connections, lets running requests finish for a while, and cuts off the
// rest.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, logger *slog.Logger) error {
	w := wire{handler: h, logger: logger}
	fasthttp.SetBodySizePoolLimit(keptBytes, keptBytes)
	server := &fasthttp.Server{
		Handler:      w.serve,
		ErrorHandler: w.refuse,
		Logger:       silent{},

		ReadTimeout:    readTimeout,
		IdleTimeout:    idleTimeout,
		ReadBufferSize: maxHeaderBytes,

		// The handler is called with the first byte of a body, and decides how
		// much of it is read.
		StreamRequestBody:            true,
		MaxRequestBodySize:           1,
		DisablePreParseMultipartForm: true,

		NoDefaultServerHeader: true,
		NoDefaultContentType:  true,
		CloseOnShutdown:       true,
		MaxIdleWorkerDuration: time.Second,
	}
	door := &entrance{Listener: listener, logger: logger}
	served := make(chan error, 1)
	go func() { served <- server.Serve(door) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP: %w", cmp.Or(err, net.ErrClosed))
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.ShutdownWithContext(stopping)
	if err != nil {
		err = fmt.Errorf("requests were cut off: %w", err)
	}
	_ = listener.Close() // if the end came before the beginning
	door.cutOff()
	<-served
	return err
}

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
		e.logger.Warn("no file is left for another connection: allow more open files (ulimit -n)", "error", err.Error())
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

// silent is a log for nobody. What fasthttp says of a connection quotes what
// came over it, and that has secrets.
type silent struct{}

// Printf implements fasthttp.Logger.
func (silent) Printf(string, ...any) {}
