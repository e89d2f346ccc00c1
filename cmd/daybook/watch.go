package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"daybook/eventstore"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// watchEvery is how often the log is looked at. A look writes to the disk
	// unless somebody has just done so.
	watchEvery = 10 * time.Second

	// watchStale is the age from which an earlier look says nothing any more: the
	// disk hangs.
	watchStale = 3 * watchEvery
)

// watched is the log as watch sees it.
type watched interface {
	Ready(ctx context.Context) error
}

// watch looks at the log when nobody else does, and says once when it becomes
// ill or well: a line for every callback that is refused meanwhile would drown
// that.
type watch struct {
	log    watched
	tail   tail // nil: nothing is filed
	logger *slog.Logger
	now    func() time.Time

	ready   atomic.Int64 // when the last look found appends to work, in Unix nanoseconds; 0 if it did not
	refuses bool
	stuck   bool
	unfiled int                 // at the last look
	filed   eventstore.Position // then
}

func newWatch(log watched, tail tail, logger *slog.Logger, now func() time.Time) *watch {
	return &watch{log: log, tail: tail, logger: logger, now: now}
}

// run looks until ctx ends.
func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		w.look(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *watch) look(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	err := w.log.Ready(asking)
	if ctx.Err() != nil {
		return // an end is no illness
	}
	w.appends(err)
	if w.tail != nil {
		w.filing()
	}
}

func (w *watch) appends(err error) {
	if err != nil {
		w.ready.Store(0)
	} else {
		w.ready.Store(w.now().UnixNano())
	}
	switch refuses := err != nil; {
	case refuses && !w.refuses:
		w.logger.Error("the log takes no events: callbacks are answered 503 and will be sent again; look for space on its disk, or at its server", "error", err)
		w.refuses = true
	case !refuses && w.refuses:
		w.logger.Info("the log takes events again")
		w.refuses = false
	}
}

// filing notices that events stay in the journal. It is the first sign of a
// full disk: the journal has its space already.
func (w *watch) filing() {
	last, unfiled := w.tail.Tail()
	filed := last - eventstore.Position(unfiled)
	switch stuck := unfiled > 0 && w.unfiled > 0 && filed == w.filed; {
	case stuck && !w.stuck:
		w.logger.Error("events are durable in the journal and cannot be filed: look for space on the disk of the log before the journal is full", "unfiled", unfiled)
		w.stuck = true
	case !stuck && w.stuck:
		w.logger.Info("events are filed again", "unfiled", unfiled)
		w.stuck = false
	}
	w.unfiled, w.filed = unfiled, filed
}

// metric says what /readyz says, for those who do not ask that.
func (w *watch) metric() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "daybook_store_ready",
		Help: "1 if appends work: tried every 10 s by as much of one as leaves no event behind. 0 also if the disk has not answered that for 30 s.",
	}, func() float64 {
		if at := w.ready.Load(); at != 0 && w.now().Sub(time.Unix(0, at)) < watchStale {
			return 1
		}
		return 0
	})
}
