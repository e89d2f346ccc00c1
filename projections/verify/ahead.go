package verify

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// ahead runs work in a goroutine of its own, which asks Redis, and meanwhile
// does what the work has put off for later, in that order: Redis and this
// program are busy at the same time. So many steps may be waiting as depth says.
func ahead(ctx context.Context, depth int, work func(ctx context.Context, later func(step func() error) error) error) error {
	group, ctx := errgroup.WithContext(ctx)
	steps := make(chan func() error, depth)
	group.Go(func() error {
		defer close(steps)
		return work(ctx, func(step func() error) error {
			select {
			case steps <- step:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	})
	group.Go(func() error {
		for step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}
