package local_test

import (
	"fmt"
	"time"

	"daybook/domain/codec"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/local"
)

// unpaid lists the orders that were registered and not paid. An item becomes due a day
// after the order. A line in Worklists registers a list: from then on local.db has it,
// and verify, find and the metrics range over it.
var unpaid = local.Worklist{
	Name:    "unpaid",
	Version: 1,
	Names:   []codec.Event{order.OrderRegistered{}, order.PaymentVerified{}, order.OrderExpired{}},
	Fold: func(event local.Event) []local.Change {
		key := string(event.Stream)
		switch e := event.Event.(type) {
		case order.OrderRegistered:
			return []local.Change{local.Open(key, local.Item{
				Reason: "registered", User: e.User, Due: event.RecordedAt.Add(24 * time.Hour),
			})}
		case order.PaymentVerified, order.OrderExpired:
			return []local.Change{local.Close(key)}
		}
		return nil
	},
}

func ExampleWorklist() {
	open := make(map[string]local.Item)
	put := func(stream eventstore.StreamName, event codec.Event) {
		recorded := eventstore.Recorded{Stream: stream, RecordedAt: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
		for _, change := range unpaid.Fold(local.Event{Event: event, Stream: stream, RecordedAt: recorded.RecordedAt}) {
			change.Put(open, recorded)
		}
		fmt.Println(event.EventType(), len(open))
	}
	put("order-site.1", order.OrderRegistered{Terms: order.Terms{User: "u1"}})
	put("order-site.2", order.OrderRegistered{Terms: order.Terms{User: "u2"}})
	put("order-site.1", order.PaymentVerified{User: "u1"})
	item := open["order-site.2"]
	fmt.Println(item.Key, item.User, item.Due.Format(time.DateOnly))
	// Output:
	// OrderRegistered 1
	// OrderRegistered 2
	// PaymentVerified 1
	// order-site.2 u2 2026-11-30
}
