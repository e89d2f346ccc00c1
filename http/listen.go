package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The limits of a connection. A client that is slower is cut off; a callback that
// is cut off is sent again.
const (
	readTimeout     = 10 * time.Second // for a whole request
	writeTimeout    = 10 * time.Second // for each write of an answer
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 16 << 10
	shutdownTimeout = readTimeout + 5*time.Second // a request that stays away is answered 408, not cut off

	// headerSlop is what net/http adds to its MaxHeaderBytes.
	headerSlop = 4 << 10
)

// Serve answers on a listener until ctx ends. Then it accepts no more connections,
// lets running requests finish for a while, and cuts off the rest.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, logger *slog.Logger) error {
	server := newHTTPServer(h, logger, readTimeout)
	served := make(chan error, 1)
	go func() { served <- server.Serve(refusingListener{listener, logger, writeTimeout}) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(stopping)
	if err != nil {
		err = fmt.Errorf("requests were cut off: %w", errors.Join(err, server.Close()))
	}
	<-served
	return err
}

func newHTTPServer(h http.Handler, logger *slog.Logger, timeout time.Duration) *http.Server {
	return &http.Server{
		Handler:                      unambiguous(h),
		ReadTimeout:                  timeout,
		ReadHeaderTimeout:            timeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes - headerSlop,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(serverErrors{logger}, "", 0),
	}
}

// serverErrors takes the lines that net/http logs. They quote what came over a
// connection, which has secrets, so only the kind of the error is passed on.
type serverErrors struct{ logger *slog.Logger }

// Write implements io.Writer.
func (e serverErrors) Write(line []byte) (int, error) {
	switch {
	case bytes.HasPrefix(line, []byte("http: Accept error")):
		e.logger.Warn("a connection could not be accepted: allow more open files (ulimit -n)")
	case bytes.HasPrefix(line, []byte("http: panic")):
		e.logger.Error("panic outside of a route")
	}
	return len(line), nil
}

// unambiguous refuses requests whose end another program may see elsewhere, as far
// as net/http accepts them (RFC 9112, section 6.3). Of a request with chunks
// net/http hides whether it had a Content-Length too, so the connection is closed
// after it: what follows may have been meant as a part of its body.
func unambiguous(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunked := len(r.TransferEncoding) > 0
		// net/http ignores a Transfer-Encoding of HTTP/1.0.
		endless := !r.ProtoAtLeast(1, 1) && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("Content-Length") == ""
		if chunked || endless || r.ProtoMajor != 1 {
			w.Header().Set("Connection", "close")
		}
		if endless || r.ProtoMajor != 1 {
			p := malformed()
			w.Header().Set("X-Request-Id", p.RequestID)
			writeProblem(w, p)
			return
		}
		next.ServeHTTP(w, r)
	})
}
