package main

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// liveAccess is who may do what at this moment. It is replaced as a whole.
type liveAccess struct {
	current atomic.Pointer[access]
	read    func() (access, error)
	changed []func() // called when it has been replaced
}

// newLiveAccess reads it for the first time. Secrets that can be guessed are
// refused then and later.
func newLiveAccess(read func() (access, error)) (*liveAccess, error) {
	l := &liveAccess{read: func() (access, error) {
		a, err := read()
		if err == nil {
			err = a.checkLengths()
		}
		return a, err
	}}
	first, err := l.read()
	if err != nil {
		return nil, err
	}
	l.current.Store(&first)
	return l, nil
}

// onChange has a function called whenever it has been replaced. It comes before
// follow.
func (l *liveAccess) onChange(tell func()) { l.changed = append(l.changed, tell) }

// follow reads it again after each SIGHUP, until ctx ends. What cannot be used
// changes nothing.
func (l *liveAccess) follow(ctx context.Context, hangup hangups, logger *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		before := l.current.Load()
		after, err := l.read()
		if err != nil {
			logger.Error("SIGHUP: secrets and tokens stay as they were, because what was read cannot be used", "error", err)
			continue
		}
		l.current.Store(&after)
		for _, tell := range l.changed {
			tell()
		}
		logger.Info("SIGHUP: secrets and tokens were read again", "callback_secrets", len(after.given.callback),
			"checkout_secrets", len(after.given.checkout), "checkout_sandbox_secrets", len(after.given.sandbox), "tokens", len(after.given.tokens),
			"changed", !before.given.equal(after.given))
		warnOfEncodings(logger, after)
	}
}

// warnOfEncodings names the secrets that a URL cannot have as they are. How to write
// them is for the operator's terminal alone.
func warnOfEncodings(logger *slog.Logger, a access) {
	for _, secret := range a.toEncode() {
		logger.Warn("a callback secret needs percent-encoding: `daybook callback-url` prints the URL to paste", "secret", secret)
	}
}
