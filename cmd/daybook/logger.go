package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"daybook/cmd/internal/serverlog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc/grpclog"
)

const (
	// logCapacity is how much of the log waits for its reader: some thousand lines.
	logCapacity = 1 << 20

	// logPatience is how long the end of the process waits for that.
	logPatience = 2 * time.Second
)

// newLogWriter makes a writer that nobody who logs waits for.
func newLogWriter(to io.Writer) *serverlog.Writer {
	return serverlog.NewWriter(to, logCapacity, func(lines uint64) []byte {
		var line bytes.Buffer
		slog.New(slog.NewJSONHandler(&line, nil)).Warn("lines of the log were dropped, because its reader was too slow or away", "lines", lines)
		return line.Bytes()
	})
}

// newLogger writes one JSON object a line.
func newLogger(w io.Writer, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level: %w", err)
	}
	return slog.New(serverlog.NewHandler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least}))), nil
}

// captureLibraries keeps what libraries log away from standard error, where they
// would wait for its reader, in a form of their own. What daybook does about it is
// in the log anyway.
func captureLibraries(logger *slog.Logger) {
	slog.SetDefault(logger) // and what uses the package log
	redis.SetLogger(redisLogger{logger})
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
}

type redisLogger struct{ logger *slog.Logger }

// Printf is what go-redis logs with.
func (l redisLogger) Printf(ctx context.Context, format string, values ...any) {
	l.logger.DebugContext(ctx, "go-redis", "error", fmt.Errorf(format, values...))
}

// droppedLines is the metric of lines that the log has lost.
func droppedLines(w *serverlog.Writer) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "daybook_log_lines_dropped_total",
		Help: "Lines of the log that were dropped, because their reader was too slow or away.",
	}, func() float64 { return float64(w.Dropped()) })
}
