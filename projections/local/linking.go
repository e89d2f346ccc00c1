package local

import (
	"strings"
	"time"

	"daybook/domain/codec"
	"daybook/domain/order"
)

// Linking is the list of the website's own orders for which nothing has looked yet
// whether a payment named them before they were registered. Its keys are their streams.
var Linking = Worklist{
	Name:    "linking",
	Version: 1,
	Names:   []codec.Event{order.OrderRegistered{}, order.PaymentsSought{}},
	Fold:    foldLinking,
}

// Named is the reason of an order whose earlier payments are sought.
const Named = "registered"

// AfterCallbacks is how long a search waits. A callback that read the order's stream
// before the registration has appended what it came to by then, or is sent again: its
// answer takes 5 s at most.
const AfterCallbacks = 10 * time.Second

type linkingDetails struct {
	Order order.ID `json:"order"`
}

func foldLinking(event Event) []Change {
	switch e := event.Event.(type) {
	case order.OrderRegistered:
		id := order.ID(event.Stream.ID())
		if !strings.HasPrefix(string(id), order.Site+".") {
			return nil
		}
		return []Change{Open(string(event.Stream), Item{
			Reason: Named, User: e.User, Due: event.RecordedAt.Add(AfterCallbacks), Details: details(linkingDetails{id}),
		})}
	case order.PaymentsSought:
		return []Change{Close(string(event.Stream))}
	}
	return nil
}
