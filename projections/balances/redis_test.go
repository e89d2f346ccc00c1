package balances_test

import (
	"testing"

	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestRedis(t *testing.T) {
	server := redistest.Start(t)
	projectiontest.RunBalances(t, func(t *testing.T) (follow.Projector, projectiontest.Balances) {
		model := balances.NewRedis(server.Store(t), redismodel.Live())
		return model, model
	})
}
