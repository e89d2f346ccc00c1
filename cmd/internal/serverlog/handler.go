package serverlog

import (
	"context"
	"log/slog"
	"time"
)

// NewHandler makes what is logged fit to be kept: errors are written without what
// names a customer (see Public), durations as text such as "1.5ms".
func NewHandler(to slog.Handler) slog.Handler { return handler{to} }

type handler struct{ slog.Handler }

// Handle implements slog.Handler. A line that has nothing to change is handed on
// as it is, because one is written for every callback.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	changes := false
	r.Attrs(func(a slog.Attr) bool {
		changes = needsChange(a)
		return !changes
	})
	if changes {
		changed := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
		r.Attrs(func(a slog.Attr) bool {
			changed.AddAttrs(change(a))
			return true
		})
		r = changed
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	changed := make([]slog.Attr, len(attributes))
	for i, a := range attributes {
		changed[i] = change(a)
	}
	return handler{h.Handler.WithAttrs(changed)}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

// errorKey is the attribute that says what went wrong, also where that is a text.
const errorKey = "error"

func needsChange(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindAny, slog.KindDuration, slog.KindGroup, slog.KindLogValuer:
		return true
	case slog.KindString:
		return a.Key == errorKey
	}
	return false
}

func change(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindDuration:
		return slog.String(a.Key, Duration(value.Duration()))
	case slog.KindString:
		if a.Key == errorKey {
			return slog.String(a.Key, Public(value.String()))
		}
	case slog.KindAny:
		if err, ok := value.Any().(error); ok {
			return slog.String(a.Key, Public(err.Error()))
		}
	case slog.KindGroup:
		var changed []any
		for _, member := range value.Group() {
			changed = append(changed, change(member))
		}
		return slog.Group(a.Key, changed...)
	}
	return slog.Attr{Key: a.Key, Value: value}
}

// Duration is a duration as text, with four digits at most after the first.
func Duration(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 100_000 || d/unit <= -100_000 {
		unit *= 10
	}
	return d.Round(unit).String()
}
