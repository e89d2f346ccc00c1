package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"daybook/eventstore"
)

// failure is an error of a call, with what was asked for and what the server says
// beside it.
type failure struct {
	error
	asked   operation
	trailer metadata.MD
}

// Unwrap returns the error that gRPC has given.
func (f *failure) Unwrap() error { return f.error }

// GRPCStatus lets the status of the call be found.
func (f *failure) GRPCStatus() *status.Status { return status.Convert(f.error) }

// failed adds to the error of a call what is known of it.
func failed(asked operation, call grpc.ClientStream, err error) error {
	return &failure{error: err, asked: asked, trailer: call.Trailer()}
}

// exception returns the word by which EventStoreDB names an error.
func exception(err error) string { return said(err, "exception") }

func said(err error, name string) string {
	var f *failure
	if !errors.As(err, &f) {
		return ""
	}
	values := f.trailer.Get(name)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// leaderOf returns the address that a server has given which is not the leader.
func leaderOf(err error) string {
	host, port := said(err, "leader-endpoint-host"), said(err, "leader-endpoint-port")
	if exception(err) != "not-leader" || host == "" || port == "" {
		return ""
	}
	return net.JoinHostPort(host, port)
}

// isFinal reports whether an error would be the same another time. All others
// may be of the network, of a server that starts or stops, or of one that is no
// longer the leader.
func isFinal(err error) bool {
	if errors.Is(err, eventstore.ErrDamaged) || errors.Is(err, errClosed) || errors.Is(err, errStopped) {
		return true
	}
	if exception(err) == "not-leader" {
		return false
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented, codes.FailedPrecondition:
		return true
	}
	return false
}

// isAway reports whether an error says that the server is not there, or not the
// leader.
func isAway(err error) bool {
	return status.Code(err) == codes.Unavailable || exception(err) == "not-leader"
}

// isTooSlow reports whether a server has ended a live subscription because it
// waited for us with some 32 events, which version 23.10 does many times a second
// under load. All it asks for is another subscription.
func isTooSlow(err error) bool {
	return status.Code(err) == codes.Aborted && strings.Contains(err.Error(), "Consumer too slow")
}

// hints say what to do about what gRPC says of a connection that fails.
var hints = []struct{ part, hint string }{
	{"does not look like a TLS handshake", "the server has no TLS: add tls=false to the connection string"},
	{"error reading server preface", "the server may want TLS: leave out tls=false"},
	{"signed by unknown authority", "name the file of the authority in tlsCAFile"},
	{"HTTP/1.1 header", "this is no port of EventStoreDB's protocol"},
}

// explain says what to do about an error that a user can mend.
func (s *Store) explain(err error) error {
	for _, h := range hints {
		if err != nil && strings.Contains(err.Error(), h.part) {
			return fmt.Errorf("%w: %s", err, h.hint)
		}
	}
	switch {
	case exception(err) == "stream-deleted":
		stream, _ := s.namespace.own(said(err, "stream-name"))
		return tombstoned(stream)
	case status.Code(err) == codes.Unauthenticated:
		return fmt.Errorf("EventStoreDB refuses user and password of the connection string, or there are none in it: %w", err)
	case status.Code(err) == codes.PermissionDenied:
		return s.refused(err)
	}
	return err
}

// retry makes a call until it succeeds, until it fails for good, until it has
// brought nothing for as long as there is patience, or until ctx ends.
func (s *Store) retry(ctx context.Context, patience time.Duration, call func(*node) (progress bool, err error)) error {
	wait, since := newWait(), time.Now()
	for {
		progress, err := s.try(ctx, call)
		if err == nil || isFinal(err) {
			return s.explain(err)
		}
		if progress {
			wait.Reset()
			since = time.Now()
		}
		if progress && isTooSlow(err) {
			continue
		}
		err = fmt.Errorf("EventStoreDB at %s: %w", s.cluster.settings, err)
		if time.Since(since) > patience {
			return s.explain(err)
		}
		if ended := pause(ctx, wait.NextBackOff()); ended != nil {
			return s.explain(fmt.Errorf("%w: %w", ended, err))
		}
	}
}

func (s *Store) try(ctx context.Context, call func(*node) (progress bool, err error)) (progress bool, err error) {
	n, err := s.cluster.node(ctx)
	if err != nil {
		return false, err
	}
	if progress, err = call(n); err != nil && ctx.Err() == nil && isAway(err) {
		s.cluster.lost(n, err)
	}
	return progress, err
}

// unavailable adds to an error that the store could not be asked. Of a log that
// is damaged that would be wrong: it was asked.
func unavailable(err error) error {
	if errors.Is(err, eventstore.ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
}

func newWait() *backoff.ExponentialBackOff {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.Multiplier, wait.MaxInterval = 20*time.Millisecond, 2, time.Second
	wait.Reset()
	return wait
}

// pause returns the error of a context that ends before the delay does, or
// would.
func pause(ctx context.Context, delay time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < delay {
		return context.DeadlineExceeded
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
