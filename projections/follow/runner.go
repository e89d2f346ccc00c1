package follow

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"daybook/eventstore"
)

// Delays between two tries double from the first to the last, each with a
// random half more or less so that many runners do not come back at one time.
const (
	firstDelay = 50 * time.Millisecond
	lastDelay  = 5 * time.Second
)

// lookAgain is how often a projection that has stopped looks whether its read
// model was rebuilt, or its log restored.
const lookAgain = 10 * time.Second

// Options are the settings of a projection.
type Options struct {
	Logger    *slog.Logger     // told of failures that are tried again; nil discards
	Now       func() time.Time // nil is time.Now
	BatchSize int              // events in one Apply, at most MaxBatch; 0 is MaxBatch
	Linger    time.Duration    // how long events gather after the end of the log was reached
	Alarm     *Alarm           // shared with the other projections of the log; nil is one of its own
}

// Projection runs one projector. Its methods other than Run may be called
// from any number of goroutines.
type Projection struct {
	projector Projector
	store     eventstore.Store
	failures  *failureLog
	batchSize int
	linger    time.Duration
	progress  *progress
	alarm     *Alarm
}

// New makes a projection of a store's log. Run starts it.
func New(projector Projector, store eventstore.Store, options Options) *Projection {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.BatchSize <= 0 || options.BatchSize > MaxBatch {
		options.BatchSize = MaxBatch
	}
	if options.Alarm == nil {
		options.Alarm = NewAlarm()
	}
	return &Projection{
		projector: projector,
		store:     store,
		failures:  newFailureLog(options.Logger.With("projection", projector.Name()), options.Now),
		batchSize: options.BatchSize,
		linger:    options.Linger,
		progress:  newProgress(projector.Name(), options.Now),
		alarm:     options.Alarm,
	}
}

// Run follows the log from the stored checkpoint on, until ctx ends or an
// event cannot be folded. It returns nil for the former, and an ErrCannotFold
// for the latter: another program is needed, and the caller reports it and
// keeps everything else running. When the store or the read model cannot be
// reached, it tries again for ever. After an ErrWrongLog, ErrOtherFold or
// ErrDamaged a person is needed: it says so, has stopped, and goes on when what
// the read model has is of this log and fold, and the log is whole. Damage that
// one projection meets stops all that share its Alarm. Run is called once.
func (p *Projection) Run(ctx context.Context) error {
	delays := &backoff.ExponentialBackOff{
		InitialInterval: firstDelay, MaxInterval: lastDelay, Multiplier: 2, RandomizationFactor: 0.5,
	}
	defer p.alarm.clear(p)
	for {
		var advanced bool
		var err error
		damage := p.alarm.run(ctx, p, func(ctx context.Context) { advanced, err = p.once(ctx) })
		if errors.Is(err, eventstore.ErrDamaged) {
			damage = err
			p.alarm.raise(p, err)
		}
		switch {
		case ctx.Err() != nil:
			p.progress.stop(nil)
			return nil
		case damage != nil:
			p.progress.stop(damage)
			p.failures.stopped(damage)
			_ = Rest(ctx, lookAgain)
			continue
		case errors.Is(err, ErrCannotFold):
			p.progress.stop(err)
			return err
		case errors.Is(err, ErrWrongLog), errors.Is(err, ErrOtherFold):
			p.alarm.clear(p)
			p.progress.stop(err)
			p.failures.stopped(err)
			_ = Rest(ctx, lookAgain)
			continue
		}
		if advanced {
			delays.Reset()
		}
		p.progress.retry(err)
		if advanced && errors.Is(err, ErrCheckpointMoved) {
			continue // another runner is at work and nothing is wrong
		}
		delay := delays.NextBackOff()
		p.failures.failed(err, delay)
		_ = Rest(ctx, delay)
	}
}

// Rest returns nil after a delay, or why ctx has ended before.
func Rest(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Status says how the projection is doing.
func (p *Projection) Status() Status { return p.progress.status() }

// Wait returns nil when the projection has applied every event up to and
// including position, which may be at once. It returns an ErrStopped if the
// projection has stopped before that, and the error of ctx when that ends.
func (p *Projection) Wait(ctx context.Context, position eventstore.Position) error {
	return p.progress.wait(ctx, position)
}

// Ready returns nil if reads are at most maxLag old: the projection has
// reached the end of the log and has not fallen further behind since.
// Otherwise it returns an ErrStopped or an ErrBehind.
func (p *Projection) Ready(maxLag time.Duration) error {
	return p.progress.ready(maxLag)
}
