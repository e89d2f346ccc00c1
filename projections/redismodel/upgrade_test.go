package redismodel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// earlier is a projector of an earlier version, which does not know one type of
// event.
type earlier struct {
	follow.Projector
	unknown string
}

func (e earlier) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	for _, event := range events {
		if event.Type == e.unknown {
			return fmt.Errorf("%w: %s", follow.ErrCannotFold, event.Type)
		}
	}
	return e.Projector.Apply(ctx, from, to, events)
}

func TestAnUpgradeGoesOnBehindTheEventThatStoppedIt(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	store := server.StoreAt(t, "{x}")
	known := l.Last()
	model := earlier{balances.NewRedis(store, redismodel.Live()), "PaymentVerified"}
	l.Pay(20)
	stopped := follow.New(model, l, follow.Options{BatchSize: 1})
	if err := stopped.Run(t.Context()); !errors.Is(err, follow.ErrCannotFold) {
		t.Fatalf("Run returns %v", err)
	}
	stored, err := store.Checkpoint(t.Context(), 1, "balances")
	if err != nil || stored.Position <= known || stored.Position >= l.Last() {
		t.Fatalf("checkpoint is %+v, error %v", stored, err)
	}
	l.Pay(20)

	upgraded := run(t, l, store)
	upgraded.settle()
	if applied := upgraded.all[0].Status().Applied; applied != uint64(l.Last()-stored.Position) {
		t.Errorf("the upgraded one applies %d events, from position %s to %s", applied, stored.Position, l.Last())
	}
}
