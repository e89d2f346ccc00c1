package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"daybook/eventstore"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// patient is a log whose illness the test decides.
type patient struct {
	err     error
	hangs   bool
	last    eventstore.Position
	unfiled int
}

func (p *patient) Ready(ctx context.Context) error {
	if p.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return p.err
}

func (p *patient) Tail() (eventstore.Position, int) { return p.last, p.unfiled }

// TestWatchSaysOnceThatTheLogIsIllAndWell makes a log ill in several ways, each
// for several looks.
func TestWatchSaysOnceThatTheLogIsIllAndWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		log := &patient{last: 100}
		w := newWatch(log, log, slog.New(slog.NewTextHandler(&logged, nil)), time.Now)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.run(ctx); close(ended) }()
		for _, c := range []struct {
			name   string
			change func()
			ready  float64
			says   string // nothing if empty
		}{
			{"well", func() {}, 1, ""},
			{"a full disk", func() { log.err = errors.New("no space") }, 0, "takes no events"},
			{"room again", func() { log.err = nil }, 1, "takes events again"},
			{"a disk that hangs", func() { log.hangs = true }, 0, "takes no events"},
			{"an answer again", func() { log.hangs = false }, 1, "takes events again"},
			{"events that stay where they are", func() { log.unfiled = 10; log.last = 200 }, 1, "cannot be filed"},
			{"all are filed", func() { log.unfiled = 0 }, 1, "filed again"},
		} {
			logged.Reset()
			c.change()
			time.Sleep(5 * watchEvery)
			synctest.Wait()
			if got := testutil.ToFloat64(w.metric()); got != c.ready {
				t.Errorf("%s: ready is %v", c.name, got)
			}
			lines := strings.Count(logged.String(), "\n")
			if c.says == "" && lines != 0 || c.says != "" && (lines != 1 || !strings.Contains(logged.String(), c.says)) {
				t.Errorf("%s: %d lines:\n%s", c.name, lines, logged.String())
			}
		}
		log.hangs, log.err = true, nil
		stop()
		<-ended
	})
}

// TestReadyDoesNotOutliveALook lets a log hang and not even notice that time is up.
func TestReadyDoesNotOutliveALook(t *testing.T) {
	now := time.Unix(1000, 0)
	w := newWatch(&patient{}, nil, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if testutil.ToFloat64(w.metric()) != 0 {
		t.Error("ready before the first look")
	}
	w.look(t.Context())
	if testutil.ToFloat64(w.metric()) != 1 {
		t.Error("not ready")
	}
	now = now.Add(watchStale)
	if testutil.ToFloat64(w.metric()) != 0 {
		t.Error("ready for ever")
	}
}
