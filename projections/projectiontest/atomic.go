package projectiontest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"daybook/eventstore"
)

// testAtomic reads while batches are applied: what a read says must be the
// model of the position that it says it for.
func testAtomic(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(3 * sampleLength)
	want := says(t, open(t), events)
	s := open(t)

	ctx, cancel := context.WithCancel(t.Context())
	faults := make([]error, len(s.Reads))
	reading := make(chan struct{})
	var readers sync.WaitGroup
	for i, read := range s.Reads {
		readers.Go(func() {
			defer cancel()
			faults[i] = watch(ctx, read, want[i], reading)
		})
	}
	for i := 0; i < len(events); i += 7 {
		batch := events[i:min(i+7, len(events))]
		select {
		case <-reading: // so that there are reads between and during all batches
		case <-ctx.Done():
		}
		if err := s.Projector.Apply(t.Context(), load(t, s), behind(s.Projector, batch), batch); err != nil {
			t.Error(err)
			break
		}
	}
	cancel()
	readers.Wait()
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
}

// says returns what each read says at each position.
func says(t *testing.T, s Subject, events []eventstore.Recorded) []map[eventstore.Position]string {
	t.Helper()
	all := make([]map[eventstore.Position]string, len(s.Reads))
	for n := range len(events) + 1 {
		if n > 0 {
			ApplyBatches(t, s.Projector, events[n-1:n], 1)
		}
		for i, read := range s.Reads {
			text, at, err := read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				all[i] = make(map[eventstore.Position]string)
			} else if at != 0 && at != events[n-1].Position {
				t.Fatalf("after position %s, read %d is of position %s", events[n-1].Position, i, at)
			}
			all[i][at] = text
		}
	}
	return all
}

// watch reads until ctx ends. It returns an error for what never was, and for
// going backwards.
func watch(ctx context.Context, read Read, want map[eventstore.Position]string, reading chan<- struct{}) error {
	last := eventstore.Position(0)
	for ctx.Err() == nil {
		text, at, err := read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if at < last {
			return fmt.Errorf("read position %s after %s", at, last)
		}
		if expected, known := want[at]; !known || text != expected {
			return fmt.Errorf("at position %s the model says %s, want %s", at, text, expected)
		}
		last = at
		select {
		case reading <- struct{}{}:
		default:
		}
	}
	return nil
}
