package orders_test

import (
	"testing"

	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestRedis(t *testing.T) {
	server := redistest.Start(t)
	projectiontest.RunOrders(t, func(t *testing.T) (follow.Projector, projectiontest.OrderReader) {
		model := orders.NewRedis(server.Store(t), redismodel.Live())
		return model, model
	})
}
