package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// The limits of a connection. Whoever is slower than this is cut off, and a
// callback cut off is sent again.
const (
	readTimeout     = 10 * time.Second // from the first byte of a request to its last
	writeTimeout    = 10 * time.Second
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 16 << 10
	shutdownTimeout = readTimeout + 5*time.Second // a request that stays away is answered 408, not cut off
)

// crowdedDelay is how long connections wait when the process has as many open
// files as it may have.
const crowdedDelay = 500 * time.Millisecond

// Serve answers on a listener until ctx ends. Then it takes no more
// connections, lets running requests finish for a while, and gives up on the
// rest.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, logger *slog.Logger) error {
	w := wire{handler: h, logger: logger}
	server := &fasthttp.Server{
		Handler:      w.serve,
		ErrorHandler: w.refuse,
		Logger:       silent{},

		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
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
	served := make(chan error, 1)
	go func() { served <- server.Serve(entrance{listener, logger}) }()
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
	<-served
	return err
}

// entrance is a listener that waits while the process has no file left for
// another connection. To fasthttp that would be the end.
type entrance struct {
	net.Listener
	logger *slog.Logger
}

// Accept implements net.Listener.
func (e entrance) Accept() (net.Conn, error) {
	for {
		c, err := e.Listener.Accept()
		switch {
		case err == nil:
			return &conn{Conn: c, remote: c.RemoteAddr().String()}, nil
		case !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE):
			return nil, err
		}
		e.logger.Warn("no file is left for another connection: allow more open files (ulimit -n)", "error", err.Error())
		time.Sleep(crowdedDelay)
	}
}

// conn is a connection that knows whether more can come. Nobody reads from it
// who has all that he needs, so one that was found to have ended has broken off.
type conn struct {
	net.Conn
	remote string
	ended  bool
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.ended = c.ended || err != nil
	return n, err
}

// silent is a log for nobody. What fasthttp says of a connection quotes what
// came over it, and that has secrets.
type silent struct{}

// Printf implements fasthttp.Logger.
func (silent) Printf(string, ...any) {}
