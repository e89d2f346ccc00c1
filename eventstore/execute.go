package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// maxAttempts bounds how often Execute decides again. Every conflict means
	// that another writer to the same stream succeeded, or is about to.
	maxAttempts = 64

	// eagerAttempts are made at once. Later ones leave the stream alone for a
	// while first: a cluster refuses by what is being written, and shows that only
	// when most of it has it.
	eagerAttempts = 16
	maxRest       = 50 * time.Millisecond
)

// Fold puts one recorded event on a state. An error means that the event is
// not understood; a decision must not be made without it.
type Fold[S any] func(state S, event Recorded) (S, error)

// Decide turns a state into the events to append, or none; next is the revision
// that the first of them gets. It must be pure:
// it is called again, on a newer state, after a conflict.
type Decide[S any] func(state S, next Revision) ([]Event, error)

// Executed says what a command came to.
type Executed[S any] struct {
	State    S        // that the decision was made on
	Events   []Event  // that were appended; none if the decision was to do nothing
	Appended Appended // end of the stream after the command; zero for a stream without events
}

// Execute is the one way to write: load the stream, decide, append at the
// revision that the decision was made on. After a conflict it loads and
// decides again, a bounded number of times.
func Execute[S any](ctx context.Context, store Store, stream StreamName, fold Fold[S], decide Decide[S]) (Executed[S], error) {
	var conflict error
	for n := range maxAttempts {
		if err := restBefore(ctx, n); err != nil {
			return Executed[S]{}, fmt.Errorf("%w: %w: %w", ErrUnavailable, err, conflict)
		}
		executed, err := attempt(ctx, store, stream, fold, decide)
		if !errors.Is(err, ErrConflict) {
			return executed, err
		}
		conflict = err
	}
	return Executed[S]{}, fmt.Errorf("gave up on %s after %d conflicts: %w", stream, maxAttempts, conflict)
}

// restBefore waits before the n-th attempt: a millisecond more each time.
func restBefore(ctx context.Context, n int) error {
	if n < eagerAttempts {
		return nil
	}
	timer := time.NewTimer(min(time.Duration(n-eagerAttempts+1)*time.Millisecond, maxRest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func attempt[S any](ctx context.Context, store Store, stream StreamName, fold Fold[S], decide Decide[S]) (Executed[S], error) {
	executed, expected, err := load(ctx, store, stream, fold)
	if err != nil {
		return Executed[S]{}, err
	}
	events, err := decide(executed.State, expected.Next())
	if err != nil || len(events) == 0 {
		return executed, err
	}
	executed.Events = events
	executed.Appended, err = store.Append(ctx, stream, expected, events...)
	if err != nil {
		return Executed[S]{}, err
	}
	return executed, nil
}

// load folds a stream.
func load[S any](ctx context.Context, store Store, stream StreamName, fold Fold[S]) (Executed[S], Expected, error) {
	var l struct { // one variable, because the loop's body is a function that keeps what it changes on the heap
		executed Executed[S]
		expected Expected
		err      error
	}
	for event, err := range store.Read(ctx, stream, 0) {
		if err != nil {
			l.err = fmt.Errorf("load %s: %w", stream, err)
			break
		}
		if l.executed.State, err = fold(l.executed.State, event); err != nil {
			l.err = fmt.Errorf("load %s at revision %d: %w", stream, event.Revision, err)
			break
		}
		l.expected = At(event.Revision)
		l.executed.Appended = Appended{Revision: event.Revision, Position: event.Position}
	}
	return l.executed, l.expected, l.err
}
