package verify

import (
	"context"

	"daybook/eventstore"
)

// Estimate returns a position near the end of a log without gaps, at most an
// eighth of it before, to measure progress by. It asks a few times for what is
// behind a position, which may be dear, and which a log with gaps need not
// answer for every one.
func Estimate(ctx context.Context, log eventstore.Reader) (eventstore.Position, error) {
	behind := func(p eventstore.Position) (eventstore.Position, error) {
		for event, err := range log.ReadAll(ctx, p) {
			return event.Position, err
		}
		return 0, nil
	}
	const first = 1 << 16
	end := eventstore.Position(0) // there is an event here
	for step, growing := eventstore.Position(first), true; growing || step > end/8; {
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
			step *= 16
		}
	}
	return end, nil
}
