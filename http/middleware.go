package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/oklog/ulid/v2"
)

// handler answers a request, or returns why it cannot.
type handler func(w http.ResponseWriter, r *http.Request) error

type contextKey int

const (
	requestIDKey contextKey = iota
	identityKey
)

// requestID returns the ULID of the request. It is also the id of the delivery
// or command that the request brings, so that a log line leads to the events.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// identity returns who asks. Only handlers behind a role have one.
func identity(ctx context.Context) Identity {
	who, _ := ctx.Value(identityKey).(*Identity)
	if who == nil {
		return Identity{}
	}
	return *who
}

// serve runs one handler: it gives the request an id, turns an error or a panic
// into a problem, and counts and logs what became of it.
// The log and the metrics have the route's template, never the URL, which
// carries secrets and names.
func (s *Server) serve(route string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		began := s.now()
		id := ulid.Make().String()
		who := new(Identity)
		ctx := context.WithValue(context.WithValue(r.Context(), requestIDKey, id), identityKey, who)
		r = r.WithContext(ctx)
		answer := &statusWriter{ResponseWriter: w}
		answer.Header().Set("X-Request-Id", id)
		var p *Problem
		if err := s.run(answer, r, h); err != nil {
			p = asProblem(err)
			p.RequestID = id
		}
		if p != nil && !answer.written {
			writeProblem(answer, p)
		}
		took := s.now().Sub(began)
		s.metrics.request(route, r.Method, answer.status, took)
		s.logRequest(r, route, answer.status, took, *who, p)
	}
}

// run calls a handler, and turns a panic into an error.
func (s *Server) run(w http.ResponseWriter, r *http.Request, h handler) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			s.logger.Error("panic", "request_id", requestID(r.Context()), "cause", panicText(cause), "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	return h(w, r)
}

// panicText describes a panic for the log. The runtime's own words have
// nothing of a request in them; any other value may.
func panicText(cause any) string {
	if err, ok := cause.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", cause)
}

// slots bound how many requests of one kind run at once. They are taken after
// authentication, so that strangers cannot occupy them.
type slots chan struct{}

// take occupies a slot until release is called, or refuses.
func (s slots) take() (release func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	default:
		return nil, overloaded.problem("Send the request again.", nil)
	}
}

// logRequest writes one line for each request. Answers without fault are left
// to the level debug: the log of events has them all. Of what went wrong it has
// what the problem says, because errors may quote the request.
func (s *Server) logRequest(r *http.Request, route string, status int, took time.Duration, who Identity, p *Problem) {
	level := slog.LevelDebug
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case status >= http.StatusBadRequest:
		level = slog.LevelWarn
	}
	if !s.logger.Enabled(r.Context(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request_id", requestID(r.Context())),
		slog.String("method", knownMethod(r.Method)),
		slog.String("route", route),
		slog.Int("status", status),
		slog.String("took", took.String()),
	}
	if who.Role != "" {
		attributes = append(attributes, slog.String("actor", who.Actor()))
	}
	if p != nil {
		attributes = append(attributes, slog.String("error", p.Error()))
	}
	s.logger.LogAttrs(r.Context(), level, "request", attributes...)
}

// knownMethod keeps words of the client's choice out of logs and metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return method
	}
	return "other"
}

// require lets a request through to h if a role allows it, and not too many
// are running.
func (s *Server) require(h handler, roles ...Role) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := s.tokens.authorize(r, roles)
		if err != nil {
			return err
		}
		if noted, ok := r.Context().Value(identityKey).(*Identity); ok {
			*noted = who
		}
		release, err := s.reading.take()
		if err != nil {
			return err
		}
		defer release()
		return h(w, r)
	}
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status  int
	written bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.written {
		w.status, w.written = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if !w.written {
		w.status, w.written = http.StatusOK, true
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
