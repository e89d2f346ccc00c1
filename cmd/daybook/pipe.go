package main

import (
	"errors"
	"io"
	"syscall"

	"daybook/cmd/internal/serverlog"
)

// pipe is standard output, whose reader may go away when it has enough, as head
// does. The error says so in words of its own: EPIPE may as well come from a
// connection to Redis, and then something has failed.
type pipe struct{ io.Writer }

// errReaderGone ends a command quietly.
var errReaderGone = errors.New("the reader of standard output has gone away")

// Write implements io.Writer.
func (p pipe) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		err = errReaderGone
	}
	return n, err
}

// isReaderGone reports whether an error says nothing else.
func isReaderGone(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			if !isReaderGone(one) {
				return false
			}
		}
		return true
	}
	if inner := errors.Unwrap(err); inner != nil {
		return isReaderGone(inner)
	}
	return err == errReaderGone
}

// saidError has been written where it belongs.
type saidError struct{ cause error }

func (e saidError) Error() string { return e.cause.Error() }
func (e saidError) Unwrap() error { return e.cause }

// publicError is an error whose text may be in the log of a server.
type publicError struct{ cause error }

func (e publicError) Error() string { return serverlog.Public(e.cause.Error()) }
func (e publicError) Unwrap() error { return e.cause }
