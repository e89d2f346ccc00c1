package balances_test

import (
	"testing"

	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

func TestMemory(t *testing.T) {
	projectiontest.RunBalances(t, func(*testing.T) (follow.Projector, projectiontest.Balances) {
		model := balances.NewMemory()
		return model, model
	})
}
