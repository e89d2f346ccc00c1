package main

import (
	"context"
	"fmt"
	"math"

	"golang.org/x/sync/errgroup"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/orders"
	"daybook/projections/verify"
)

const (
	// comparedOrders is how many orders are compared at one time.
	comparedOrders = 1000

	// comparedStreams is how many streams are read at once.
	comparedStreams = 8
)

// ordersCheck compares the list of orders in local.db with a fold of each order's own
// stream, from its first event to the list's position.
type ordersCheck struct {
	log      eventstore.Reader
	snapshot *local.Snapshot
	note     func(verify.Difference)

	compared uint64
	after    eventstore.Position // up to which all is compared
}

// run goes through the log for the first events of orders. The list is read beside it,
// in the order in which they began.
func (c *ordersCheck) run(ctx context.Context) error {
	var begun []eventstore.Recorded
	for e, err := range c.log.ReadAll(ctx, 0) {
		if err != nil {
			return fmt.Errorf("find orders: %w", err)
		}
		if e.Position > c.snapshot.Checkpoint.Position {
			break
		}
		if e.Revision > 0 || e.Stream.Category() != order.Category {
			continue
		}
		begun = append(begun, eventstore.Recorded{Stream: e.Stream, Position: e.Position})
		if len(begun) == comparedOrders {
			if err := c.compare(ctx, begun, e.Position); err != nil {
				return err
			}
			begun = begun[:0]
		}
	}
	return c.compare(ctx, begun, math.MaxInt64)
}

// compare compares the orders that began after those before, up to a position.
func (c *ordersCheck) compare(ctx context.Context, begun []eventstore.Recorded, to eventstore.Position) error {
	wanted := make([]local.ListedOrder, len(begun))
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(comparedStreams)
	for i, first := range begun {
		group.Go(func() error {
			o, err := orders.At(reading, c.log, order.ID(first.Stream.ID()), c.snapshot.Checkpoint.Position)
			wanted[i] = local.NewListedOrder(o, first.Position)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	has := make(map[eventstore.Position]local.ListedOrder)
	err := c.snapshot.Orders(c.after, to, func(row local.ListedOrder, isNamed bool) {
		has[row.Created] = row
		if !isNamed {
			c.note(verify.Difference{Subject: "order " + string(row.ID), Text: "the list of its user or reference does not have it"})
		}
	})
	if err != nil {
		return err
	}
	for _, want := range wanted {
		if text := differs(has, want); text != "" {
			c.note(verify.Difference{Subject: "order " + string(want.ID), Text: text})
		}
		delete(has, want.Created)
	}
	for _, row := range has {
		c.note(verify.Difference{Subject: "order " + string(row.ID), Text: fmt.Sprintf("it is listed at position %s, where no order begins", row.Created)})
	}
	c.compared, c.after = c.compared+uint64(len(wanted)), to
	return nil
}

// differs says in what the list differs from an order, "" if in nothing. It names no
// user.
func differs(has map[eventstore.Position]local.ListedOrder, want local.ListedOrder) string {
	row, isListed := has[want.Created]
	switch {
	case !isListed:
		return fmt.Sprintf("it begins at position %s, and the list does not have it", want.Created)
	case row.ID != want.ID, row.Status != want.Status, row.Changed != want.Changed:
		return fmt.Sprintf("it is listed as %s, %s since position %s, and the log says %s, %s since %s", row.ID, row.Status, row.Changed, want.ID, want.Status, want.Changed)
	case row != want:
		return "it is listed for another user or reference"
	}
	return ""
}
