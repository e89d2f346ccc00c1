package orders

import (
	"context"
	"fmt"
	"math"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
)

// FromLog reads orders from the log when asked: each is the fold of its own
// stream.
type FromLog struct {
	Log eventstore.Reader

	// Reached returns a position that reads of the log have come to. An order says
	// that it is of that position, or of its own last event if that is later.
	Reached func() eventstore.Position
}

// Order returns the state of an order, or an ErrNotFound with an order that
// has only the position.
func (l FromLog) Order(ctx context.Context, id order.ID) (Order, error) {
	reached := l.Reached() // before the stream is read
	o, isKnown, err := foldStream(ctx, l.Log, id, math.MaxInt64)
	if err != nil {
		return Order{}, fmt.Errorf("order: %w", err)
	}
	o.Position = max(reached, o.Changed)
	if !isKnown {
		return o, notFound(id, o.Position)
	}
	return o.filled(), nil
}

// At returns the state that an order had at a position, or an ErrNotFound.
func At(ctx context.Context, log eventstore.Reader, id order.ID, at eventstore.Position) (Order, error) {
	o, isKnown, err := foldStream(ctx, log, id, at)
	if err != nil {
		return Order{}, fmt.Errorf("order: %w", err)
	}
	if !isKnown {
		return o, notFound(id, at)
	}
	o.Position = at
	return o.filled(), nil
}

func notFound(id order.ID, at eventstore.Position) error {
	return fmt.Errorf("%w: %.600q at position %s", ErrNotFound, string(id), at)
}

// foldStream folds the stream of an order up to a position. An event that is not
// understood is an ErrCannotFold.
func foldStream(ctx context.Context, log eventstore.Reader, id order.ID, until eventstore.Position) (o Order, isKnown bool, err error) {
	for e, err := range log.Read(ctx, eventstore.StreamName(id.Stream()), 0) {
		if err != nil {
			return Order{}, false, fmt.Errorf("read an order: %w", err)
		}
		if e.Position > until {
			break
		}
		if o, err = Fold(o, e); err != nil {
			return Order{}, false, fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		isKnown = true
	}
	return o, isKnown, nil
}
