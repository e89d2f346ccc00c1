package httpapi

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"

	"daybook/eventstore"
)

// wire is between fasthttp, which reads requests from connections and writes
// answers to them, and a handler of net/http. Go's own server starts a goroutine
// for each request with a body, to notice a client that goes away meanwhile. No
// request here lasts long enough to be worth that.
type wire struct {
	handler http.Handler
	logger  *slog.Logger
}

// serve answers one request. The handler may not keep its body.
func (w wire) serve(ctx *fasthttp.RequestCtx) {
	defer w.survive(ctx)
	r, err := newRequest(ctx)
	if err != nil {
		w.refuse(ctx, err)
		return
	}
	a := newReply(ctx)
	w.handler.ServeHTTP(a, r)
	a.WriteHeader(http.StatusOK) // if the handler had nothing to say
}

// survive answers a request whose handler has panicked. Nothing has been written
// yet.
func (w wire) survive(ctx *fasthttp.RequestCtx) {
	if cause := recover(); cause != nil {
		w.logger.Error("panic", "cause", panicText(cause), "stack", string(debug.Stack()))
		ctx.Response.Reset()
		w.answer(ctx, internal.problem("The log of daybook has the reason.", nil))
	}
}

// refuse answers what is no request. The error may quote what came, and stays
// here.
func (w wire) refuse(ctx *fasthttp.RequestCtx, err error) {
	defer w.survive(ctx)
	var (
		tooLong *fasthttp.ErrSmallBuffer
		slow    net.Error
	)
	switch {
	case errors.As(err, &tooLong):
		w.answer(ctx, headerTooLarge.problem("The request line and the headers have at most 16 KiB together.", nil))
	case errors.As(err, &slow) && slow.Timeout(), errors.Is(err, io.ErrUnexpectedEOF):
		w.answer(ctx, timedOut.problem("The request did not arrive whole. Send it again.", nil))
	default:
		w.answer(ctx, badRequest.problem("Send HTTP/1.1 as RFC 9112 has it, with a path that is percent-encoded.", nil))
	}
}

// answer answers what no route has seen, and ends the connection: who knows where
// the next request would begin.
func (w wire) answer(ctx *fasthttp.RequestCtx, p *Problem) {
	ctx.SetConnectionClose()
	a := newReply(ctx)
	p.RequestID = eventstore.NewULID(time.Now())
	a.header.Set("X-Request-Id", p.RequestID)
	writeProblem(a, p)
	w.logger.Debug("request", "request_id", p.RequestID, "status", p.Status, "error", p.Title)
}

// What fasthttp takes for a request and RFC 9112 does not.
var (
	errVersion  = errors.New("neither HTTP/1.0 nor HTTP/1.1")
	errEncoding = errors.New("a transfer encoding that is not chunked")
	errName     = errors.New("a header's name that is no token")
)

// newRequest makes a request of net/http. It has copies of all but the body.
func newRequest(ctx *fasthttp.RequestCtx) (*http.Request, error) {
	head := &ctx.Request.Header
	if proto := string(head.Protocol()); proto != "HTTP/1.1" && proto != "HTTP/1.0" {
		return nil, errVersion
	}
	length := int64(head.ContentLength()) // -1 for chunks, as in net/http
	if length != -1 && saysEncoding(head.RawHeaders()) {
		return nil, errEncoding
	}
	header, err := copyHeader(head)
	if err != nil {
		return nil, err
	}
	target := string(head.RequestURI())
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	from := ctx.Conn().(*conn)
	r := &http.Request{
		Method: string(head.Method()), URL: u, RequestURI: target,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: http.NoBody,
		Host: string(head.Host()), RemoteAddr: from.remote,
	}
	if stream := ctx.RequestBodyStream(); stream != nil {
		r.ContentLength = length
		r.Body = &body{stream, from}
	}
	return r, nil
}

// saysEncoding reports whether headers as they came have one named
// Transfer-Encoding. Fasthttp forgets one that says identity, which others may
// understand in another way.
func saysEncoding(raw []byte) bool {
	name := []byte("Transfer-Encoding:")
	for line := range bytes.Lines(raw) {
		if len(line) >= len(name) && bytes.EqualFold(line[:len(name)], name) {
			return true
		}
	}
	return false
}

func copyHeader(head *fasthttp.RequestHeader) (http.Header, error) {
	header := make(http.Header, 8)
	for name, value := range head.All() {
		key := string(name)
		if !httpguts.ValidHeaderFieldName(key) {
			return nil, errName
		}
		header[key] = append(header[key], string(value))
	}
	return header, nil
}

// body is the body of a request. Fasthttp takes the end of a connection for the
// end of the body, by length and between two chunks.
type body struct {
	stream io.Reader
	from   *conn
}

// errBody says that a body did not come to its end. What fasthttp says of it
// quotes what came, and what came behind it.
var errBody = errors.New("the body broke off, or is not as its header says")

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.stream.Read(p)
	if err != nil && (err != io.EOF || b.from.ended) {
		err = errBody
	}
	return n, err
}

// Close implements io.Closer. What is left unread is for fasthttp to skip.
func (*body) Close() error { return nil }

// reply is the answer to a request. It is written when the handler has returned.
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
