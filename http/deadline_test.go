package httpapi

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoeverAsksTogetherHasTheSameDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deadlines{after: 8 * time.Second}
		begun, first := time.Now(), d.next()
		time.Sleep(time.Second - time.Nanosecond)
		if last, _ := d.next().Deadline(); !last.Equal(begun.Add(8 * time.Second)) {
			t.Errorf("of the last one: %s", last.Sub(begun))
		}
		time.Sleep(time.Nanosecond)
		if next, _ := d.next().Deadline(); !next.Equal(begun.Add(9 * time.Second)) {
			t.Errorf("of the next one: %s", next.Sub(begun))
		}
		<-first.Done()
		if took := time.Since(begun); took != 8*time.Second || !errors.Is(first.Err(), context.DeadlineExceeded) {
			t.Errorf("it ended after %s: %v", took, first.Err())
		}
		time.Sleep(time.Minute)
		if err := d.next().Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestDeadlinesKeepTheirBounds: however many ask at once, nobody gets a context
// that ends later than it says, or more than an eighth sooner.
func TestDeadlinesKeepTheirBounds(t *testing.T) {
	d := deadlines{after: 50 * time.Millisecond}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				asked := time.Now()
				end, _ := d.next().Deadline()
				if end.Sub(asked) < d.after-d.after/8 || time.Until(end) > d.after {
					t.Errorf("it ends after %s", end.Sub(asked))
				}
				time.Sleep(10 * time.Microsecond)
			}
		})
	}
	all.Wait()
}
