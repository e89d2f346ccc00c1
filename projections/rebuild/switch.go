package rebuild

import (
	"context"
	"errors"
	"fmt"

	"github.com/cenkalti/backoff/v5"

	"daybook/projections/follow"
	"daybook/projections/redismodel"
)

// switchTo makes the new generation the one that is read, if the old one still
// is. Whether it happened is looked up when the answer was lost.
func (r *rebuild) switchTo(ctx context.Context) error {
	err := r.Store.Switch(ctx, r.current, r.next)
	if errors.Is(err, follow.ErrUnreachable) {
		current, lookup := backoff.Retry(ctx, func() (redismodel.Generation, error) { return r.Store.Current(ctx) },
			backoff.WithMaxElapsedTime(patience))
		switch {
		case lookup != nil:
			return fmt.Errorf("%w: whether it was done is not known: see %s:current, or run `daybook rebuild` again", err, r.Prefix)
		case current == r.next:
			err = nil
		}
	}
	if err == nil {
		r.Told(Step{Stage: Switched, Text: fmt.Sprintf("generation %s is read now", r.next)})
	}
	return err
}

// dropOld deletes the generation that was read before. It may be broken off:
// the next rebuild deletes what is left.
func (r *rebuild) dropOld(ctx context.Context) error {
	if err := follow.Rest(ctx, r.Grace); err != nil {
		return err
	}
	err := r.drop(ctx, Dropping, r.current)
	r.Told(Step{Stage: Done})
	return err
}

// clear deletes generations that are neither current nor to be filled.
func (r *rebuild) clear(ctx context.Context) error {
	all, err := r.Store.Generations(ctx)
	if err != nil {
		return err
	}
	for _, g := range all {
		if g == r.current || g == r.next {
			continue
		}
		if err := r.drop(ctx, Clearing, g); err != nil {
			return err
		}
	}
	return nil
}

func (r *rebuild) drop(ctx context.Context, stage Stage, g redismodel.Generation) error {
	text := fmt.Sprintf("deleting generation %s", g)
	r.Told(Step{Stage: stage, Text: text})
	return r.Store.Drop(ctx, g, func(deleted int) {
		r.Told(Step{Stage: stage, Text: text, Done: uint64(deleted)})
	})
}
