package simulate

import (
	"context"
	"math"
	"time"
)

// Retries is how often Coinbase repeats a callback that is not acknowledged:
// after 4^n seconds for n = 0 to 10, which is 16 days in all.
const Retries = 11

// Delay returns how long Coinbase waits before the n-th repetition, counted
// from 0, on a clock that runs speed times as fast as ours.
func Delay(n int, speed float64) time.Duration {
	return time.Duration(math.Pow(4, float64(n)) / speed * float64(time.Second))
}

// sleep waits, and returns early with the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
