package projections_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

// credits counts the paid orders of each user.
type credits struct {
	stored follow.Checkpoint
	counts map[string]int
}

func (c *credits) Name() string     { return "credits" }
func (c *credits) FoldVersion() int { return 1 } // raise it when old events fold differently

func (c *credits) Load(context.Context) (follow.Checkpoint, error) { return c.stored, nil }

// Apply changes counts and checkpoint together, or neither.
func (c *credits) Apply(_ context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	if from != c.stored {
		return follow.ErrCheckpointMoved
	}
	credited := make(map[string]int)
	for _, recorded := range events {
		event, err := ledger.Decode(recorded)
		if err != nil { // an event of a later version may be a credit
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		if e, ok := event.(order.PaymentVerified); ok {
			credited[e.User]++
		}
	}
	for user, n := range credited {
		c.counts[user] += n
	}
	c.stored = to
	return nil
}

// A read model is a follow.Projector. One that the website reads from Redis is also a
// line in ReadModels, whose InRedis opens it: serve, rebuild, verify and health range
// over the list.
func Example() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	ctx, cancel := context.WithCancel(context.Background())
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: directory})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	var last eventstore.Position
	for number := range 5 {
		stream, events, err := projectiontest.Paid(number, 2)
		if err != nil {
			log.Fatal(err)
		}
		appended, err := store.Append(ctx, stream, eventstore.NoStream, events...)
		if err != nil {
			log.Fatal(err)
		}
		last = appended.Position
	}

	model := &credits{counts: make(map[string]int)}
	projection := follow.New(model, store, follow.Options{})
	ended := make(chan error)
	go func() { ended <- projection.Run(ctx) }()
	if err := projection.Wait(ctx, last); err != nil {
		log.Fatal(err)
	}
	cancel()
	fmt.Println(model.counts, <-ended)
	// Output: map[user-0:3 user-1:2] <nil>
}
