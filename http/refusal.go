package httpapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"daybook/eventstore"
)

// refusingListener gives net/http connections on which its own refusals are
// problems.
type refusingListener struct {
	net.Listener
	logger   *slog.Logger
	patience time.Duration // with a client that does not read, for each write
}

// Accept implements net.Listener.
func (l refusingListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &refusingConn{Conn: accepted, logger: l.logger, patience: l.patience}
	c.begun.Store(true) // a client that connects and sends nothing is told why it is cut off
	return c, nil
}

// refusingConn is a connection of net/http, which answers a malformed request in
// plain text and one that does not arrive in time not at all, before any handler
// sees it. Here both become problems. Each write has its own deadline, so that a
// stream may last and a client that reads nothing is cut off.
type refusingConn struct {
	net.Conn
	logger   *slog.Logger
	patience time.Duration
	begun    atomic.Bool // a request has begun to arrive since the last answer
	late     atomic.Bool // a read has taken too long since then
	ended    atomic.Bool // net/http has ended its read
}

// Read implements net.Conn.
func (c *refusingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.begun.Store(true)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.ended.Load() {
		c.late.Store(true)
	}
	return n, err
}

// SetReadDeadline implements net.Conn. net/http ends a read that it does not need
// any more with a deadline in the past.
func (c *refusingConn) SetReadDeadline(t time.Time) error {
	c.ended.Store(!t.IsZero() && t.Before(time.Now()))
	return c.Conn.SetReadDeadline(t)
}

// Write implements net.Conn.
func (c *refusingConn) Write(p []byte) (int, error) {
	c.begun.Store(false)
	late := c.late.Swap(false)
	if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	if problem := replaceRefusal(p); problem != nil {
		if late {
			problem = tooSlow() // net/http takes the beginning of a line for the line
		}
		return len(p), c.refuse(problem)
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *refusingConn) Close() error {
	if c.late.Swap(false) && c.begun.Load() && c.SetWriteDeadline(time.Now().Add(c.patience)) == nil {
		_ = c.refuse(tooSlow()) // the client may be gone
	}
	return c.Conn.Close()
}

func (c *refusingConn) refuse(p *Problem) error {
	header := make(http.Header)
	header.Set("X-Request-Id", p.RequestID)
	p.setHeader(header)
	body := p.body()
	response := http.Response{
		StatusCode: p.Status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
	var text bytes.Buffer
	if err := response.Write(&text); err != nil {
		return err
	}
	c.logger.Debug("request", "request_id", p.RequestID, "status", p.Status, "error", p.Title)
	_, err := c.Conn.Write(text.Bytes())
	return err
}

// plainRefusal follows the status line of net/http's own refusals. A handler's
// answer has at least an X-Request-Id.
var plainRefusal = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// replaceRefusal returns the problem to answer in place of net/http's refusal, or
// nil if that is not what is written.
func replaceRefusal(written []byte) *Problem {
	end := bytes.IndexByte(written, '\r')
	if end < 0 || !bytes.HasPrefix(written, []byte("HTTP/1.1 ")) || !bytes.HasPrefix(written[end:], plainRefusal) {
		return nil
	}
	if bytes.HasPrefix(written, []byte("HTTP/1.1 431 ")) {
		return named(headerTooLarge.problem("The request line and the headers have at most 16 KiB together.", nil))
	}
	return malformed()
}

// malformed is the problem of a request that no route sees.
func malformed() *Problem {
	return named(badRequest.problem("Send HTTP/1.1 as RFC 9112 has it, with a path that is percent-encoded.", nil))
}

func tooSlow() *Problem {
	return named(timedOut.problem("The request did not arrive whole. Send it again.", nil))
}

// named gives a problem a request id.
func named(p *Problem) *Problem {
	p.RequestID = eventstore.NewULID(time.Now())
	return p
}
