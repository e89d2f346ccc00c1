// Package process runs work that a worklist asks for. A process follows the log
// like a read model, and its output is commands: its tasks are the items of a list,
// and a task is closed by an event, never by the return of the work. So nothing is
// lost where it is killed, and several servers may run it at once: the target of its
// command recognises a task that it knows.
package process

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"daybook/projections/follow"
	"daybook/projections/local"
)

// Process is work that a worklist asks for.
type Process struct {
	Name string
	List string // the worklist that has its tasks

	// Due says whether there is something to do for an item. It is pure.
	Due func(local.Item) bool

	// Do asks outside what there is to ask, and issues one command. It may be called
	// again for the same item, also at the same time by another server. An error asks
	// for another try; a backoff.RetryAfter says when.
	Do func(ctx context.Context, task local.Item) error

	Timeout time.Duration // of one Do
	AtOnce  int           // tasks that run at one time
}

// Lists are the worklists.
type Lists interface {
	Items(ctx context.Context, q local.Query) (local.Page, error)
	Item(ctx context.Context, list, key string) (item local.Item, open bool, err error)
}

// Options are the settings of a runner.
type Options struct {
	Logger *slog.Logger
	Ready  func() error     // why the lists may not be read; nil if they may
	Now    func() time.Time // nil is time.Now
	Every  time.Duration    // how often the list is read; 0 is 10 s
}

const (
	// Delays between two tries of a task double from the first to the last, each with
	// a random half more or less.
	firstDelay = time.Second
	lastDelay  = 10 * time.Minute

	// closing is how long a task that was done is given to be closed by its event.
	closing = 10 * time.Second

	// lineEvery is how often a failure is logged as a warning. The others are counted.
	lineEvery = time.Minute
)

// Runner runs one process. Its methods may be called from any number of goroutines.
type Runner struct {
	process Process
	lists   Lists
	options Options

	mu     sync.Mutex // guards what follows
	tasks  map[string]*task
	status Status
	logged time.Time // when a failure was logged
}

// task is what is known of an item that was tried.
type task struct {
	running bool
	next    time.Time // not before
	delays  *backoff.ExponentialBackOff
	seen    bool // in the list, by the last reading of it
}

// Status is how a process is doing at one moment.
type Status struct {
	Name    string
	Due     int       // tasks, when the list was last read
	Oldest  time.Time // when the oldest of them was opened; zero if there is none
	Running int
	Done    uint64 // tries that have succeeded since the start
	Failed  uint64 // tries that have not
}

// New makes a runner. Run starts it.
func New(p Process, lists Lists, options Options) *Runner {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Ready == nil {
		options.Ready = func() error { return nil }
	}
	options.Every = cmp.Or(options.Every, 10*time.Second)
	return &Runner{process: p, lists: lists, options: options, tasks: make(map[string]*task), status: Status{Name: p.Name}}
}

// Status says how the process is doing.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Run reads the list now and then, and does what is due, until ctx ends. All work
// has ended when it returns.
func (r *Runner) Run(ctx context.Context) {
	room := make(chan struct{}, max(1, r.process.AtOnce))
	var working sync.WaitGroup
	defer working.Wait()
	for ctx.Err() == nil {
		if r.options.Ready() == nil {
			if err := r.read(ctx, room, &working); err != nil && ctx.Err() == nil {
				r.warn("a worklist cannot be read", err)
			}
		}
		_ = follow.Rest(ctx, r.options.Every/2+rand.N(r.options.Every)) // so that several servers do not meet
	}
}

// read reads the list once, oldest first, and starts what is due.
func (r *Runner) read(ctx context.Context, room chan struct{}, working *sync.WaitGroup) error {
	due, oldest := 0, time.Time{}
	q := local.Query{List: r.process.List, Due: r.options.Now(), Limit: local.MaxPage}
	for first := true; first || q.Cursor != ""; first = false {
		page, err := r.lists.Items(ctx, q)
		if err != nil {
			return err
		}
		q.Cursor = page.Next
		for _, item := range page.Items {
			if !r.process.Due(item) {
				continue
			}
			if due++; due == 1 {
				oldest = item.OpenedAt
			}
			if !r.begin(item.Key) {
				continue
			}
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				r.end(item.Key, ctx.Err())
				return ctx.Err()
			}
			working.Go(func() {
				defer func() { <-room }()
				r.end(item.Key, r.try(ctx, item.Key))
			})
		}
	}
	r.forget(due, oldest)
	return nil
}

// begin reports whether a task may run now, and notes that it does.
func (r *Runner) begin(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, known := r.tasks[key]
	if !known {
		t = &task{delays: &backoff.ExponentialBackOff{InitialInterval: firstDelay, MaxInterval: lastDelay, Multiplier: 2, RandomizationFactor: 0.5}}
		r.tasks[key] = t
	}
	t.seen = true
	if t.running || r.options.Now().Before(t.next) {
		return false
	}
	t.running = true
	r.status.Running++
	return true
}

// try does a task, unless it was closed meanwhile.
func (r *Runner) try(ctx context.Context, key string) error {
	item, open, err := r.lists.Item(ctx, r.process.List, key)
	if err != nil || !open {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.process.Timeout)
	defer cancel()
	return r.process.Do(ctx, item)
}

// end notes how a try has ended, and when there may be another.
func (r *Runner) end(key string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tasks[key]
	t.running = false
	r.status.Running--
	delay := closing
	switch {
	case err == nil:
		r.status.Done++
		t.delays.Reset()
	default:
		r.status.Failed++
		delay = t.delays.NextBackOff()
		var later *backoff.RetryAfterError
		if errors.As(err, &later) {
			delay = max(delay, later.Duration)
		}
	}
	now := r.options.Now()
	t.next = now.Add(delay)
	if err != nil && now.Sub(r.logged) >= lineEvery && !errors.Is(err, context.Canceled) {
		r.logged = now
		r.options.Logger.Warn("a task is tried again", "process", r.process.Name, "error", err, "delay", delay, "failed", r.status.Failed)
	}
}

// forget drops what is known of tasks that are not in the list any more.
func (r *Runner) forget(due int, oldest time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Due, r.status.Oldest = due, oldest
	for key, t := range r.tasks {
		if !t.seen && !t.running {
			delete(r.tasks, key)
		}
		t.seen = false
	}
}

func (r *Runner) warn(text string, err error) {
	r.options.Logger.Warn(text, "process", r.process.Name, "error", err)
}
