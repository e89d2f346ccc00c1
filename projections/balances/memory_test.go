package balances_test

import (
	"testing"

	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/projectiontest"
)

func TestMemory(t *testing.T) {
	projectiontest.RunBalances(t, func(*testing.T) (projections.Projector, projectiontest.Balances) {
		model := balances.NewMemory()
		return model, model
	})
}
