package main_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
)

// TestTerminatedServerFinishesWhatItHasBegun sends SIGTERM in the middle of a
// load: it ends in bounded time and without a fault, and what it acknowledged
// is there.
func TestTerminatedServerFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	s, r, known := start(t, options{}), random(t), newPromises(nil)
	for round := range 3 {
		orders := randomOrders(r, fmt.Sprintf("T%d-", round))
		ctx, cancel := context.WithCancel(context.Background())
		var answered atomic.Int64
		terminated := make(chan int, 1)
		deliveries := s.postAll(ctx, clients, bodies(orders), func(delivery) {
			if answered.Add(1) == 100 {
				go func() {
					defer cancel()
					terminated <- s.terminate()
				}()
			}
		})
		if code := <-terminated; code != 0 {
			t.Fatalf("the exit code is %d:\n%s", code, s.stderr)
		}
		s = start(t, options{data: s.data})
		events := replay(t, s.data)
		known.send(orders)
		known.hearAll(t, deliveries).check(t, events)
		if n := len(known.places); n < (round+1)*(100-clients) {
			t.Errorf("only %d callbacks were acknowledged", n)
		}
		s.checkBalances(fold(t, events), position(events))
	}
}
