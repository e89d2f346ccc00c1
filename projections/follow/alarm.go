package follow

import (
	"context"
	"sync"
)

// Alarm is shared by the projections of one log. When one of them finds the log
// damaged, all of them stop, because none can tell what it has missed. They go on
// when the one that has found it has come past.
type Alarm struct {
	mu      sync.Mutex
	by      *Projection // who has raised it; nil: nobody
	damage  error
	running map[*Projection]context.CancelFunc
}

// NewAlarm returns an alarm for the Options of several projections.
func NewAlarm() *Alarm {
	return &Alarm{running: make(map[*Projection]context.CancelFunc)}
}

// raise stops all projections but the one that has found the log damaged, and
// has stopped by itself. There is one at a time: two that waited for each other
// would never go on.
func (a *Alarm) raise(by *Projection, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.by, a.damage = by, err
	for _, cancel := range a.running {
		cancel()
	}
}

// clear says that a projection finds no damage any more.
func (a *Alarm) clear(by *Projection) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == by {
		a.by, a.damage = nil, nil
	}
}

// run runs a projection until that ends or another raises the alarm, and returns
// why in the latter case. It does not begin while the alarm is raised.
func (a *Alarm) run(ctx context.Context, p *Projection, run func(context.Context)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := a.begin(p, cancel); err != nil {
		return err
	}
	run(ctx)
	return a.end(p)
}

func (a *Alarm) begin(p *Projection, cancel context.CancelFunc) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.byOthers(p); err != nil {
		return err
	}
	a.running[p] = cancel
	return nil
}

func (a *Alarm) end(p *Projection) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.running, p)
	return a.byOthers(p)
}

func (a *Alarm) byOthers(p *Projection) error {
	if a.by == p {
		return nil
	}
	return a.damage
}
