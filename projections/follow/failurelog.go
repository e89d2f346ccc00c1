package follow

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"time"

	"daybook/eventstore"
)

const (
	// lineEvery is how often a failure that goes on is logged. The others are
	// counted, and logged at debug.
	lineEvery = time.Minute

	// maxKinds bounds how many failures are told apart within that time.
	maxKinds = 8
)

// failureLog rate-limits the log lines of a projection. It serves one goroutine.
type failureLog struct {
	logger *slog.Logger
	now    func() time.Time
	logged map[string]time.Time // when failures were logged, by kind
	more   int                  // failures since the last line
	isLive bool                 // so says the last line
}

func newFailureLog(logger *slog.Logger, now func() time.Time) *failureLog {
	return &failureLog{logger: logger, now: now, logged: make(map[string]time.Time)}
}

// failed logs a failure that is tried again, if it is another one than those of
// the last minute.
func (l *failureLog) failed(err error, delay time.Duration) {
	l.more++
	level := slog.LevelDebug
	if l.isDue(err) {
		level, l.isLive = slog.LevelWarn, false
	}
	l.logger.Log(context.Background(), level, "projection tries again", "error", err, "delay", delay, "failures", l.more)
	if level == slog.LevelWarn {
		l.more = 0
	}
}

// stopped logs that a person is needed, as often as failed.
func (l *failureLog) stopped(err error) {
	if l.isDue(err) {
		l.isLive = false
		l.logger.Error("projection has stopped", "error", eventstore.Anonymous(err), "looks_again", lookAgain)
	}
}

// live logs that all is well, unless the last line says so.
func (l *failureLog) live(position eventstore.Position) {
	if !l.isLive {
		l.isLive, l.more = true, 0
		l.logger.Info("projection is live", "position", position)
	}
}

// mending logs why the read model is not whole, or that it is again.
func (l *failureLog) mending(reason string) {
	if reason == "" {
		l.logger.Info("read model is whole again")
	} else if l.isDue(errors.New(reason)) {
		l.logger.Warn("read model is not whole", "reason", reason)
	}
}

// isDue reports whether a failure has to be logged, and notes that it was.
func (l *failureLog) isDue(err error) bool {
	now := l.now()
	maps.DeleteFunc(l.logged, func(_ string, at time.Time) bool { return now.Sub(at) >= lineEvery })
	kind := kindOf(err)
	if _, known := l.logged[kind]; known || len(l.logged) == maxKinds {
		return false
	}
	l.logged[kind] = now
	return true
}

// kindOf is the text of an error without numbers, such as positions and ports,
// which are others at every try.
func kindOf(err error) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, err.Error())
}
