package follow

import (
	"context"
	"fmt"
	"sync"
	"time"

	"daybook/eventstore"
)

// progress is what a runner knows of itself, and who waits for it.
type progress struct {
	now func() time.Time

	mu      sync.Mutex // guards what follows
	current Status     // without Lag
	behind  time.Time  // since when; zero if all that is known is applied
	resumed bool       // a checkpoint was loaded
	waiting map[chan struct{}]eventstore.Position
}

func newProgress(name string, now func() time.Time) *progress {
	return &progress{
		now:     now,
		current: Status{Name: name, State: Starting},
		behind:  now(),
		waiting: make(map[chan struct{}]eventstore.Position),
	}
}

// resume takes over the stored checkpoint, and reports whether it is another
// one than was known. A model that was replaced by an older copy, or that could
// not be gone on with, has to catch up again before its reads mean anything.
func (p *progress) resume(stored Checkpoint) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed = p.resumed && stored != p.current.Checkpoint
	p.resumed = true
	p.current.CaughtUp = p.current.CaughtUp && p.current.State != Stopped && stored.Position >= p.current.Checkpoint.Position
	p.current.State = CatchingUp
	p.current.Checkpoint = stored
	p.wake()
	return changed
}

// behindSince notes the time of the oldest event that is not applied.
func (p *progress) behindSince(recorded time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = recorded
}

// applied notes a batch that was written, or that there was nothing to write,
// and reports whether the projection has become live with it.
func (p *progress) applied(b batch) (becameLive bool) {
	if !b.moves() && !b.caughtUp {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if b.moves() {
		p.current.Checkpoint = b.to
	}
	if n := len(b.events); n > 0 {
		p.current.Applied += uint64(n)
		p.current.Batches++
		p.behind = b.events[n-1].RecordedAt // what follows is not older
	}
	if b.caughtUp && p.current.State != Live {
		p.current.State = Live
		p.current.CaughtUp = true
		becameLive = true
	}
	p.current.Err = nil
	if p.current.State == Live {
		p.behind = time.Time{}
	}
	p.wake()
	return becameLive
}

// retry notes a failure that is tried again.
func (p *progress) retry(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.State = CatchingUp
	p.current.Err = err
	p.current.Retries++
	if p.behind.IsZero() {
		p.behind = p.now()
	}
}

// stop notes the end, and why if it was not asked for.
func (p *progress) stop(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.State = Stopped
	p.current.Err = err
	if p.behind.IsZero() {
		p.behind = p.now()
	}
	p.wake()
}

// wake ends the waiting of those who have nothing to wait for any more. The
// caller holds mu.
func (p *progress) wake() {
	for done, position := range p.waiting {
		if position <= p.current.Checkpoint.Position || p.current.State == Stopped {
			delete(p.waiting, done)
			close(done)
		}
	}
}

func (p *progress) status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	status := p.current
	if !p.behind.IsZero() {
		status.Lag = max(0, p.now().Sub(p.behind)) // another machine's clock may be ahead
	}
	return status
}

func (p *progress) wait(ctx context.Context, position eventstore.Position) error {
	done := make(chan struct{})
	p.mu.Lock()
	p.waiting[done] = position
	p.wake()
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, done)
	}()

	select {
	case <-done:
	case <-ctx.Done():
	}
	status := p.status()
	switch {
	case status.Checkpoint.Position >= position:
		return nil
	case status.State == Stopped:
		return fmt.Errorf("wait for position %s: %w", position, status.stopped())
	case ctx.Err() != nil:
		return fmt.Errorf("wait for position %s of %s: %w", position, status.Name, ctx.Err())
	}
	return nil // reached, and the model was replaced by an older copy since
}

// mending notes why the read model is not whole, and reports whether that is
// another thing than before.
func (p *progress) mending(reason string) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed = p.current.Mending != reason
	p.current.Mending = reason
	return changed
}

func (p *progress) isLive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current.State == Live
}

func (p *progress) ready(maxLag time.Duration) error {
	status := p.status()
	switch {
	case status.State == Stopped:
		return status.stopped()
	case !status.CaughtUp:
		return fmt.Errorf("%w: %s has not reached the end of the log since the start", ErrBehind, status.Name)
	case status.Lag > maxLag:
		return fmt.Errorf("%w: %s by %s, at most %s", ErrBehind, status.Name, status.Lag, maxLag)
	}
	return nil
}

// stopped is the error of a projection that has stopped.
func (s Status) stopped() error {
	if s.Err == nil {
		return fmt.Errorf("%w: %s at position %s", ErrStopped, s.Name, s.Checkpoint.Position)
	}
	return fmt.Errorf("%w: %s at position %s: %w", ErrStopped, s.Name, s.Checkpoint.Position, s.Err)
}
