package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	httpapi "daybook/http"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/redismodel"
)

// models are the read models, wherever they are kept.
type models struct {
	balances interface {
		follow.Projector
		httpapi.Balances
	}
	orders interface {
		follow.Projector
		httpapi.Orders
	}
	where string // for the log
	close func() error
}

// openModels opens the read models. A Redis that does not answer is tried for
// ever, while callbacks are recorded; one that could lose balances is refused.
func (f *redisFlag) openModels(ctx context.Context, logger *slog.Logger) (models, error) {
	if !f.isSet() {
		return models{balances.NewMemory(), orders.NewMemory(), "memory", func() error { return nil }}, nil
	}
	store, err := f.open()
	if err != nil {
		return models{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, firstAnswer)
	defer cancel()
	switch err := store.Check(ctx); {
	case errors.Is(err, redismodel.ErrEvicts):
		return models{}, errors.Join(fmt.Errorf("--redis: %w", err), store.Close())
	case err != nil:
		logger.Warn("the read models cannot be reached; trying for ever, reads answer 503 meanwhile", "error", err)
	}
	return models{
		balances: balances.NewRedis(store, redismodel.Live()),
		orders:   orders.NewRedis(store, redismodel.Live()),
		where:    store.String(),
		close:    store.Close,
	}, nil
}
