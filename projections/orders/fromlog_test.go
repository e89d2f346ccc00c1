package orders_test

import (
	"errors"
	"fmt"
	"testing"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
)

func TestFromLog(t *testing.T) {
	store := projectiontest.NewLog(t)
	store.Pay(20)
	strange := eventstore.StreamName(order.NewID("coinbase", "STRANGE").Stream())
	if _, err := store.Append(t.Context(), strange, eventstore.NoStream, eventstore.Event{
		ID: eventstore.EventID{1}, Type: "PaymentImagined", Schema: 1, Data: []byte(`{}`), Metadata: []byte(`{}`),
	}); err != nil {
		t.Fatal(err)
	}

	const reached = 7
	read := orders.FromLog{Log: store, Reached: func() eventstore.Position { return reached }}
	for n := range store.Paid() {
		id := order.NewID("coinbase", fmt.Sprint(n+1))
		var want orders.Order
		for e, err := range store.Read(t.Context(), eventstore.StreamName(id.Stream()), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if want, err = orders.Fold(want, e); err != nil {
				t.Fatal(err)
			}
		}
		want.Position = max(reached, want.Changed)
		got, err := read.Order(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := describe(t, got), describe(t, want); got != want {
			t.Errorf("the order is\n%s\nwant\n%s", got, want)
		}
	}
	if o, err := read.Order(t.Context(), "coinbase.NONE"); !errors.Is(err, orders.ErrNotFound) || o.Position != reached {
		t.Errorf("an unknown order is %+v, %v", o, err)
	}
	if _, err := read.Order(t.Context(), "coinbase.STRANGE"); !errors.Is(err, follow.ErrCannotFold) {
		t.Errorf("an order with an event of a later version: %v", err)
	}
}
