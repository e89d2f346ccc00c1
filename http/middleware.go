package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"daybook/eventstore"
)

// handler answers a request, or returns why it cannot.
type handler func(w *call, r *http.Request) error

// call is the answer to a request, and what the middleware knows of both.
type call struct {
	http.ResponseWriter

	// id is the ULID of the request. It is also the id of the delivery or
	// command that the request brings, so that a log line leads to the events.
	id string

	query    url.Values    // what the route knows of the query, each with one value; nil where it ignores it
	who      Identity      // who asks; zero unless the handler is behind a role
	allowed  func() bool   // whether its token is still good, likewise
	wait     time.Duration // for min_position, likewise
	memory   *memory       // for answers, likewise
	reserved *reservation  // memory for the answer; nil if it is small
	status   int           // that was answered
	written  bool

	// Of a callback, for its line in the log: what it came to, and of which
	// category its stream is. Empty if that is not known, or no callback.
	outcome, category string

	source netip.Addr // of a callback from where none is taken
}

// front is what every request passes first.
type front struct {
	metrics *metrics
	logger  *slog.Logger
	now     func() time.Time
}

// statusHungUp is what log and metrics have of a request whose client hung up
// before it was answered. It is no fault of the server.
const statusHungUp = 499

// serve runs one handler: it gives the request an id, turns an error or a panic
// into a problem, and counts and logs what became of it.
// The log and the metrics have the route's template, never the URL, which
// carries secrets and names.
func (f *front) serve(route string, h handler) http.HandlerFunc {
	measured := f.metrics.route(route)
	return func(w http.ResponseWriter, r *http.Request) {
		began := f.now()
		c := &call{ResponseWriter: w, id: eventstore.NewULID(began)}
		c.Header()["X-Request-Id"] = []string{c.id}
		var p *Problem
		if err := f.run(c, r, h); err != nil {
			p = asProblem(err)
			p.RequestID = c.id
		}
		if p != nil && !c.written {
			writeProblem(c, p)
		}
		if p != nil && r.Context().Err() != nil && errors.Is(p, context.Canceled) {
			c.status = statusHungUp
		}
		took := f.now().Sub(began)
		measured.request(r.Method, c.status, took)
		f.log(r, route, c, took, p)
	}
}

// run calls a handler, and turns a panic into an error.
func (f *front) run(c *call, r *http.Request, h handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			f.logger.Error("panic", "request_id", c.id, "cause", panicText(cause), "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	return h(c, r)
}

// panicText describes a panic for the log. The runtime's own words have
// nothing of a request in them; any other value may.
func panicText(cause any) string {
	if err, ok := cause.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", cause)
}

// callbackPrefix begins the routes of callbacks.
const callbackPrefix = "/callbacks/"

// log writes one line for each request, at the level debug if all went well
// and it is no callback. It has no id but the request's own, which leads to the
// events.
func (f *front) log(r *http.Request, route string, c *call, took time.Duration, p *Problem) {
	level, message := slog.LevelDebug, "request"
	if strings.HasPrefix(route, callbackPrefix) {
		level, message = slog.LevelInfo, "callback"
	}
	switch {
	case c.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case c.status == statusHungUp:
	case c.status >= http.StatusBadRequest:
		level = slog.LevelWarn
	}
	if !f.logger.Enabled(r.Context(), level) {
		return
	}
	attributes := append(make([]slog.Attr, 0, 10),
		slog.String("request_id", c.id),
		slog.String("method", knownMethod(r.Method)),
		slog.String("route", route),
		slog.Int("status", c.status),
		slog.String("duration", took.Round(time.Microsecond).String()),
	)
	for _, text := range []struct{ key, value string }{{"outcome", c.outcome}, {"category", c.category}} {
		if text.value != "" {
			attributes = append(attributes, slog.String(text.key, text.value))
		}
	}
	if c.source.IsValid() {
		attributes = append(attributes, slog.String("source", c.source.String()))
	}
	if c.who.Role != "" {
		attributes = append(attributes, slog.String("actor", c.who.Actor()))
	}
	if p != nil {
		attributes = append(attributes, slog.Any("error", p))
	}
	f.logger.LogAttrs(r.Context(), level, message, attributes...)
}

// knownMethod keeps words of the client's choice out of logs and metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return method
	}
	return "other"
}

// WriteHeader implements http.ResponseWriter.
func (c *call) WriteHeader(status int) {
	if !c.written {
		c.status, c.written = status, true
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (c *call) Write(b []byte) (int, error) {
	if !c.written {
		c.status, c.written = http.StatusOK, true
	}
	return c.ResponseWriter.Write(b)
}

// Unwrap returns the writer of net/http, for http.ResponseController.
func (c *call) Unwrap() http.ResponseWriter { return c.ResponseWriter }
