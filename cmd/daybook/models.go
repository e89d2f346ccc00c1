package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"daybook/eventstore"
	httpapi "daybook/http"
	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/redismodel"
)

// models are the read models, wherever they are kept.
type models struct {
	projectors []follow.Projector
	balances   httpapi.Balances
	orders     httpapi.Orders // nil: an order is the fold of its own stream, read when asked
	where      string         // for the log
	close      func() error
}

// openModels opens the read models. A Redis that does not answer is tried for
// ever, while callbacks are recorded; one that could lose balances is refused.
func (f *redisFlag) openModels(ctx context.Context, logger *slog.Logger) (models, error) {
	if !f.isSet() {
		inMemory := balances.NewMemory()
		return models{[]follow.Projector{inMemory}, inMemory, nil, "memory", func() error { return nil }}, nil
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
	opened := models{where: store.String(), close: store.Close}
	for _, m := range projections.ReadModels() {
		projector := m.InRedis(store, redismodel.Live())
		opened.projectors = append(opened.projectors, projector)
		switch model := projector.(type) {
		case *balances.Redis:
			opened.balances = model
		case *orders.Redis:
			opened.orders = model
		}
	}
	return opened, nil
}

// running are the projections of the read models.
type running struct {
	all              []*follow.Projection
	balances, orders *follow.Projection // by which reads know how far they are
}

// project makes the projections of the read models, and completes what is read
// from the log itself.
func (m *models) project(store eventstore.Store, options follow.Options) running {
	var r running
	for _, projector := range m.projectors {
		p := follow.New(projector, store, options)
		r.all = append(r.all, p)
		switch projector.Name() {
		case balances.Name:
			r.balances = p
		case orders.Name:
			r.orders = p
		}
	}
	if m.orders == nil {
		r.orders = r.balances
		m.orders = orders.FromLog{Log: store, Reached: func() eventstore.Position { return r.balances.Status().Position() }}
	}
	return r
}
