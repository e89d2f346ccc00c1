package projectiontest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// Filled is a read model that is filled with many events at a time, and writes
// them when it is flushed.
type Filled interface {
	follow.Projector
	Flush(ctx context.Context) error
}

// Flushed returns a projector that writes every batch of a model at once, for
// Run.
func Flushed(model Filled) follow.Projector { return &flushed{Filled: model} }

type flushed struct {
	Filled
	mu sync.Mutex // filling is for one goroutine, and Run has several
}

func (f *flushed) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.Filled.Apply(ctx, from, to, events); err != nil {
		return err
	}
	return f.Flush(ctx)
}

// FillRest fills a model with the events behind its checkpoint, in batches of
// a size, and flushes it now and then, and at the end.
func FillRest(ctx context.Context, model Filled, events []eventstore.Recorded, size int) error {
	from, err := model.Load(ctx)
	if err != nil {
		return err
	}
	for len(events) > 0 && events[0].Position <= from.Position {
		events = events[1:]
	}
	for n := 0; len(events) > 0; events = events[n:] {
		n = min(size, len(events))
		to := follow.Checkpoint{LogID: LogID, Position: events[n-1].Position, Fold: model.FoldVersion()}
		if err := model.Apply(ctx, from, to, events[:n]); err != nil {
			return err
		}
		if from = to; len(events)%4 == 0 {
			if err := model.Flush(ctx); err != nil {
				return err
			}
		}
	}
	return model.Flush(ctx)
}

// Breakable is the way to the store of a model.
type Breakable interface {
	// LoseAfter lets so many answers through and loses those that follow, with
	// the connection; 0 of them is none.
	LoseAfter(answers, lost int)
}

// RunBrokenFillings breaks fillings off between any two of their
// transactions, or loses the answer, and goes on until all is filled: in the
// same process and in another. Open opens the model of a store, and check
// looks at what came of it.
func RunBrokenFillings[M Filled](t *testing.T, way Breakable, events []eventstore.Recorded, open func(store int) M, check func(M)) {
	const stores = 14 // each two are broken off at the same places, and go on in another way
	for store := range stores {
		model, failures := open(store), 0
		for attempt := 0; ; attempt++ {
			if store%2 == 1 { // another process goes on
				model = open(store)
			}
			way.LoseAfter(0, 0)
			if attempt < 3 {
				way.LoseAfter(1+store/2+attempt, 1)
			}
			err := FillRest(t.Context(), model, events, 200+50*store+attempt)
			if err == nil {
				break
			}
			// A server may still do what it was sent when the way to it is gone, also
			// after it was asked for the checkpoint.
			if !errors.Is(err, follow.ErrUnreachable) && !errors.Is(err, follow.ErrCheckpointMoved) {
				t.Fatal(err)
			}
			failures++
		}
		way.LoseAfter(0, 0)
		if failures == 0 {
			t.Fatal("nothing was broken off")
		}
		check(model)
	}
}
