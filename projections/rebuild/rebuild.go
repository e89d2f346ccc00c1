// Package rebuild fills read models anew beside those that are live, proves
// them, and switches. It folds nothing itself.
//
// Nothing that is read changes before the switch, which is one step. Until
// then it may be broken off anywhere: what is filled keeps its checkpoint, and
// the next rebuild goes on from there. A server that keeps the live generation
// meanwhile finds the new one with its checkpoint, and goes on from that.
//
// The models are filled by the projectors that keep the live ones, batch by batch.
// The comparison before the switch folds money by rules of its own.
package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
	"daybook/projections/verify"
)

// ErrDiffers says that the models that were filled are not what the log says
// by an independent fold. Nothing was switched.
var ErrDiffers = errors.New("the rebuilt models differ from an independent fold of the log, and were not switched to")

// Options say what is rebuilt from what.
type Options struct {
	Log    eventstore.Reader
	Store  *redismodel.Store
	Prefix string // of the store's keys

	// ReplaceOtherLog allows to replace models of another log, which is asked
	// for its id. If it is nil, or returns false, that is an ErrOtherLog.
	ReplaceOtherLog func(logID string) bool

	Gapless bool // the log's positions follow each other

	// Grace is how long the old generation is kept behind the switch, for those
	// who have read which one is current and are about to read from it.
	Grace time.Duration

	// Told hears how far the rebuild has come; nil is nobody. It must not block.
	Told func(Step)
}

// Stage is a part of the work.
type Stage string

// The stages, in order.
const (
	Clearing  Stage = "clearing"  // keys of generations that nobody reads
	Filling   Stage = "filling"   // events, of both models together
	Comparing Stage = "comparing" // with an independent fold
	Switched  Stage = "switched"
	Dropping  Stage = "dropping" // keys of the old generation
	Done      Stage = "done"
)

// Step is a moment of the work.
type Step struct {
	Stage       Stage
	Text        string // for people
	Done, Total uint64 // Total is 0 where it is not known
}

// Result is what a rebuild has done.
type Result struct {
	From, To redismodel.Generation
	Events   uint64 // that were folded into the models, of the one that needed more
	Resumed  eventstore.Position
	Took     time.Duration // to fill
	Report   verify.Report
}

// tries bounds how often a rebuild starts again because another generation
// became current under it, or goes on after Redis was away, without getting
// any further.
const tries = 8

// Run rebuilds the models of a store. It returns when the switch is made and
// the old generation is gone.
func Run(ctx context.Context, options Options) (Result, error) {
	if options.Told == nil {
		options.Told = func(Step) {}
	}
	lock, err := acquire(ctx, options.Store.Client(), options.Prefix)
	if err != nil {
		return Result{}, err
	}
	var result Result
	err = lock.during(ctx, func(ctx context.Context) (err error) {
		for range tries {
			r := &rebuild{Options: options}
			if result, err = r.run(ctx); !errors.Is(err, redismodel.ErrSwitched) {
				return err
			}
		}
		return fmt.Errorf("%w, again and again: stop whatever else switches it", err)
	})
	return result, err
}

// rebuild is one try.
type rebuild struct {
	Options
	current, next redismodel.Generation
	fills         []*fill
	telling       sync.Mutex
	end           eventstore.Position // of the log, about; if it is without gaps
	result        Result
}

func (r *rebuild) run(ctx context.Context) (Result, error) {
	if err := r.begin(ctx); err != nil {
		return r.result, err
	}
	started := time.Now()
	if err := r.fill(ctx); err != nil {
		return r.result, err
	}
	r.result.Took = time.Since(started)
	for _, f := range r.fills {
		f.model = f.open() // without its cache: the comparison needs the memory
	}
	if err := r.compare(ctx); err != nil {
		return r.result, err
	}
	if err := r.reload(ctx); err != nil {
		return r.result, err
	}
	// What was recorded during the comparison is folded in before the switch, so
	// that reads do not go back in time by more than a moment.
	if err := r.fill(ctx); err != nil {
		return r.result, err
	}
	if err := r.switchTo(ctx); err != nil {
		return r.result, err
	}
	return r.result, r.dropOld(ctx)
}

// begin finds out what is current and whose it is, deletes what is of no use,
// and makes the projectors of the generation to fill.
func (r *rebuild) begin(ctx context.Context) error {
	if err := r.Store.Check(ctx); err != nil {
		return err
	}
	var err error
	if r.current, err = r.Store.Likeliest(ctx); err != nil {
		return err
	}
	if err := r.checkLog(ctx); err != nil {
		return err
	}
	if _, err := r.Store.MendCurrent(ctx, r.current); err != nil {
		return err
	}
	r.next = r.current + 1
	r.result = Result{From: r.current, To: r.next}
	if err := r.clear(ctx); err != nil {
		return err
	}
	r.fills = nil
	for _, m := range projections.ReadModels() {
		open := func() follow.Projector { return m.InRedis(r.Store, redismodel.Beside(r.current)) }
		r.fills = append(r.fills, &fill{log: r.Log, open: open, model: open()})
	}
	if err := r.loadAll(ctx); err == nil || !isOfNoUse(err) {
		return err
	}
	if err := r.drop(ctx, Clearing, r.next); err != nil {
		return err
	}
	return r.loadAll(ctx)
}

// reload looks where the models stand after the comparison. If Redis is away,
// filling waits for it and looks again.
func (r *rebuild) reload(ctx context.Context) error {
	for _, f := range r.fills {
		f.proven = f.stored
		if err := f.load(ctx); err != nil && !errors.Is(err, follow.ErrUnreachable) {
			return err
		}
	}
	return nil
}

// isOfNoUse reports whether what was filled before cannot be gone on with.
func isOfNoUse(err error) bool {
	return errors.Is(err, follow.ErrWrongLog) || errors.Is(err, follow.ErrOtherFold) || errors.Is(err, follow.ErrLost)
}

func (r *rebuild) loadAll(ctx context.Context) error {
	for _, f := range r.fills {
		if err := f.load(ctx); err != nil {
			return err
		}
		r.result.Resumed = max(r.result.Resumed, f.from.Position)
	}
	return nil
}

// compare proves the new generation. One that differs is deleted: going on
// with it would end the same way.
func (r *rebuild) compare(ctx context.Context) error {
	run, err := r.Store.Run(ctx)
	if err != nil {
		return err
	}
	report, err := verify.Run(ctx, verify.Options{
		Log: r.Log, Client: r.Store.Client(), Prefix: r.Prefix, Beside: true, Gapless: r.Gapless,
		Models: projections.Verified(),
		Told:   func(s verify.Step) { r.Told(Step{Stage: Comparing, Text: s.Doing, Done: s.Done, Total: s.Total}) },
	})
	r.result.Report = report
	switch {
	case errors.Is(err, verify.ErrNoModel): // deleted since it was filled
		return fmt.Errorf("%w: %w", redismodel.ErrSwitched, err)
	case err != nil:
		return fmt.Errorf("compare generation %s: %w", r.next, err)
	case report.Generation != uint64(r.next):
		return fmt.Errorf("compare generation %s: %w", r.next, redismodel.ErrSwitched)
	case report.Count > 0:
		return errors.Join(ErrDiffers, r.drop(ctx, Clearing, r.next))
	}
	for _, f := range r.fills {
		if err := r.Store.MarkWhole(ctx, r.next, f.model.Name(), r.current, run); err != nil {
			return err
		}
	}
	return nil
}
