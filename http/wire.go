package httpapi

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/oklog/ulid/v2"
	"github.com/valyala/fasthttp"
)

// wire is between fasthttp, which reads requests from connections and writes
// answers to them, and a handler of net/http. Go's own server starts a goroutine
// for each request with a body, to notice a client that goes away meanwhile. No
// request here lasts long enough to be worth that.
type wire struct {
	handler http.Handler
	logger  *slog.Logger
}

// serve answers one request. Nothing of it may be kept by the handler.
func (w wire) serve(ctx *fasthttp.RequestCtx) {
	defer w.survive(ctx)
	a := newReply(ctx)
	r, err := newRequest(ctx)
	if err != nil {
		w.answer(a, badRequest.problem("Send HTTP/1.1, with a path that is percent-encoded.", err))
		return
	}
	w.handler.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK) // if the handler had nothing to say
}

// survive ends the connection of a request whose handler has panicked.
func (w wire) survive(ctx *fasthttp.RequestCtx) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause != http.ErrAbortHandler {
		w.logger.Error("panic", "cause", panicText(cause), "stack", string(debug.Stack()))
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(net.Conn) {})
}

// refuse answers what is no request. The error quotes what came, and stays here.
func (w wire) refuse(ctx *fasthttp.RequestCtx, err error) {
	var (
		tooLong *fasthttp.ErrSmallBuffer
		slow    net.Error
		p       *Problem
	)
	switch {
	case errors.As(err, &tooLong):
		p = headerTooLarge.problem("The request line and the headers have at most 16 KiB together.", nil)
	case errors.As(err, &slow) && slow.Timeout():
		p = timedOut.problem("The request did not arrive whole. Send it again.", nil)
	default:
		p = badRequest.problem("It is not HTTP/1.1 as RFC 9112 has it.", nil)
	}
	w.answer(newReply(ctx), p)
}

// answer answers a request that no route has seen, and ends its connection: who
// knows where the next one would begin.
func (w wire) answer(a *reply, p *Problem) {
	a.ctx.SetConnectionClose()
	p.RequestID = ulid.Make().String()
	a.header.Set("X-Request-Id", p.RequestID)
	writeProblem(a, p)
	w.logger.Debug("not a request", "request_id", p.RequestID, "status", p.Status, "error", p.Title)
}

// newRequest makes a request of net/http. It has copies of all but the body.
func newRequest(ctx *fasthttp.RequestCtx) (*http.Request, error) {
	head := &ctx.Request.Header
	target := string(head.RequestURI())
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	if proto := string(head.Protocol()); proto != "HTTP/1.1" && proto != "HTTP/1.0" {
		return nil, errVersion
	}
	from := ctx.Conn().(*conn)
	r := &http.Request{
		Method: string(head.Method()), URL: u, RequestURI: target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, 8), Body: http.NoBody,
		Host: string(head.Host()), RemoteAddr: from.remote,
	}
	for name, value := range head.All() {
		key := string(name)
		r.Header[key] = append(r.Header[key], string(value))
	}
	if stream := ctx.RequestBodyStream(); stream != nil {
		r.ContentLength = int64(head.ContentLength()) // -1 for chunks, as in net/http
		r.Body = &body{stream, from}
	}
	return r, nil
}

// errVersion is a request of another protocol.
var errVersion = errors.New("not HTTP/1.0 or HTTP/1.1")

// body is the body of a request. Fasthttp takes the end of a connection for the
// end of the body, by length and between two chunks.
type body struct {
	stream io.Reader
	from   *conn
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.stream.Read(p)
	if err == io.EOF && b.from.ended {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer. What is left unread is for fasthttp to skip.
func (*body) Close() error { return nil }

// reply is the answer to a request.
type reply struct {
	ctx     *fasthttp.RequestCtx
	header  http.Header
	written bool
}

func newReply(ctx *fasthttp.RequestCtx) *reply { return &reply{ctx: ctx, header: make(http.Header, 8)} }

// Header implements http.ResponseWriter.
func (a *reply) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *reply) WriteHeader(status int) {
	if a.written {
		return
	}
	a.written = true
	a.ctx.SetStatusCode(status)
	for name, values := range a.header {
		for _, value := range values {
			a.ctx.Response.Header.Add(name, value)
		}
	}
}

// Write implements http.ResponseWriter.
func (a *reply) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.ctx.Response.AppendBody(b)
	return len(b), nil
}
