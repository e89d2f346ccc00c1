package projectiontest

import (
	"context"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// Running is a projection that runs until its test ends.
type Running struct {
	*follow.Projection
	Ended <-chan struct{} // closed when Run has returned

	t      testing.TB
	cancel context.CancelFunc
	err    error // of Run, until Stop returns it
}

// Follow runs a projection of a log. An error of its Run fails the test, unless Stop
// returns it.
func Follow(t testing.TB, log eventstore.Store, projector follow.Projector, options follow.Options) *Running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	r := &Running{Projection: follow.New(projector, log, options), Ended: ended, t: t, cancel: cancel}
	go func() {
		defer close(ended)
		r.err = r.Run(ctx)
	}()
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Stop ends Run and returns its error, the first time.
func (r *Running) Stop() error {
	r.cancel()
	<-r.Ended
	err := r.err
	r.err = nil
	return err
}

// Await waits for a position, for at most a minute of the test's clock.
func (r *Running) Await(position eventstore.Position) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	if err := r.Wait(ctx, position); err != nil {
		r.t.Fatalf("%v; status is %+v", err, r.Status())
	}
}
