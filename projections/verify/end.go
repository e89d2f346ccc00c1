package verify

import (
	"context"

	"daybook/eventstore"
)

// Estimate returns a position near the end of a log, at most a sixteenth of
// it before, to measure progress by. It asks for what is behind a position a
// few times.
func Estimate(ctx context.Context, log eventstore.Reader) (eventstore.Position, error) {
	behind := func(p eventstore.Position) (eventstore.Position, error) {
		for event, err := range log.ReadAll(ctx, p) {
			return event.Position, err
		}
		return 0, nil
	}
	const first = 1 << 16
	end := eventstore.Position(0) // there is an event here
	for step, growing := eventstore.Position(first), true; growing || step > end/16; {
		next, err := behind(end + step)
		if err != nil {
			return 0, err
		}
		if next == 0 {
			growing = false
			step /= 2
			continue
		}
		if end = next; growing {
			step *= 2
		}
	}
	return end, nil
}
