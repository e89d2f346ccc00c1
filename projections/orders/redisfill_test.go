package orders_test

import (
	"fmt"
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/domain/order"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestRedisFilling(t *testing.T) {
	if testing.Short() {
		t.Skip("one step after another: nothing for the race detector")
	}
	server := redistest.Start(t)
	projectiontest.RunOrders(t, func(t *testing.T) (follow.Projector, projectiontest.OrderReader) {
		model := orders.NewRedis(server.Store(t), redismodel.Filling(1))
		return projectiontest.Flushed(model), model
	})
}

// A filling that is broken off anywhere puts nothing twice, whatever the
// batches are.
func TestAFillingIsBrokenOffAnywhereAndGoesOn(t *testing.T) {
	length := 4000
	if testing.Short() {
		length = 2500
	}
	events := projectiontest.Sample(length)
	want := orders.NewMemory()
	projectiontest.Apply(t, want, events)
	proxy := redistest.NewProxy(t, redistest.Start(t))
	open := func(store int) *orders.Redis {
		return orders.NewRedis(redistest.Connect(t, redismodel.Options{URL: proxy.URL(), Prefix: fmt.Sprintf("{%d}", store)}), redismodel.Filling(1))
	}
	projectiontest.RunBrokenFillings(t, proxy, events, open, func(model *orders.Redis) {
		compared := make(map[order.ID]bool)
		for _, event := range events {
			if id := order.ID(event.Stream.ID()); event.Stream.Category() == order.Category && !compared[id] {
				compared[id] = true
				same(t, model, want, id)
			}
		}
	})
}

func same(t *testing.T, model, want projectiontest.OrderReader, id order.ID) {
	t.Helper()
	got, err := model.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := want.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got.Position, wanted.Position = 0, 0
	if a, b := asJSON(t, got), asJSON(t, wanted); a != b {
		t.Fatalf("the model says\n%s\nwant\n%s", a, b)
	}
}

func asJSON(t *testing.T, o orders.Order) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
