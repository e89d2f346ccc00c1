package orders_test

import (
	"testing"
	"time"

	"daybook/domain/order"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
)

func TestMemory(t *testing.T) {
	projectiontest.RunOrders(t, func(*testing.T) (follow.Projector, projectiontest.OrderReader) {
		model := orders.NewMemory()
		return model, model
	})
}

// A verification is kept as a repetition of what was received only if it is
// one.
func TestMemoryKeepsWhatAVerificationSays(t *testing.T) {
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, second := range map[string]order.PaymentVerified{
		"the same":        {Payment: paid, User: "u1", Amount: usd("5"), OccurredAt: at},
		"another payment": {Payment: "coinbase/order/B", User: "u1", Amount: usd("5"), OccurredAt: at},
		"another user":    {Payment: paid, User: "u2", Amount: usd("5"), OccurredAt: at},
		"another amount":  {Payment: paid, User: "u1", Amount: usd("6"), OccurredAt: at},
		"another time":    {Payment: paid, User: "u1", Amount: usd("5"), OccurredAt: at.Add(time.Nanosecond)},
		"no time":         {Payment: paid, User: "u1", Amount: usd("5")},
	} {
		first := order.PaymentReceived{Payment: paid, User: "u1", Amount: usd("5"), OccurredAt: at}
		model := orders.NewMemory()
		projectiontest.Apply(t, model, recorded(t, first, second))
		got, err := model.Order(t.Context(), "coinbase.A")
		if err != nil {
			t.Fatal(err)
		}
		got.Position = 0
		if got, want := describe(t, got), describe(t, fold(t, first, second)); got != want {
			t.Errorf("%s: the model says\n%s\nwant\n%s", name, got, want)
		}
	}
}
