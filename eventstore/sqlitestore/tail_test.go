package sqlitestore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestASubscriberPassesBetweenFileAndMemory lets a subscriber fall behind what
// is kept in memory, by number and by size, and catch up again, several times.
func TestASubscriberPassesBetweenFileAndMemory(t *testing.T) {
	isLarge(t)
	store := open(t, t.TempDir())
	n := 0
	write := func(events, size int) {
		for range events / 100 {
			stream := eventstore.StreamName(fmt.Sprintf("order-%d", n))
			n++
			var batch []eventstore.Event
			for i := range 100 {
				e := event(stream, size)
				e.ID = eventstore.DeriveID(stream, "cause", eventstore.Revision(i))
				batch = append(batch, e)
			}
			if _, err := store.Append(t.Context(), stream, eventstore.NoStream, batch...); err != nil {
				t.Fatal(err)
			}
		}
	}
	const overflow = (sqlitestore.TailEvents/100 + 3) * 100
	rounds := []struct{ events, size int }{ // events in hundreds
		{100, 10}, {overflow, 10}, {200, 10}, {1600, 8000}, {100, 10}, {2 * overflow, 10}, {100, 10},
	}
	write(rounds[0].events, rounds[0].size)
	round, due := 1, 1+rounds[0].events
	seen := 0
	last := eventstore.Position(0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for message, err := range store.Subscribe(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if message.Event == nil {
			continue
		}
		if message.Position != last+1 || message.Event.Position != message.Position || len(message.Event.Data) == 0 {
			t.Fatalf("position %d follows %d", message.Position, last)
		}
		last = message.Position
		if seen++; seen != due {
			continue
		}
		if round == len(rounds) {
			return
		}
		write(rounds[round].events, rounds[round].size) // while the subscriber stands here
		due += rounds[round].events
		round++
	}
	t.Fatal("the subscription has ended")
}
