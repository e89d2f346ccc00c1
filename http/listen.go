package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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

// silent is a log for nobody. What fasthttp says of a connection quotes what
// came over it, and that has secrets.
type silent struct{}

// Printf implements fasthttp.Logger.
func (silent) Printf(string, ...any) {}
