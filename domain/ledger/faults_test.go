package ledger_test

import (
	"context"
	"errors"
	"testing"

	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/eventstore"
)

// faulty stores, and then does not say so; or it says that somebody else was
// faster.
type faulty struct {
	eventstore.Store
	conflicts int
	lost      int
}

func (f *faulty) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if f.conflicts > 0 {
		f.conflicts--
		return eventstore.Appended{}, eventstore.ErrConflict
	}
	appended, err := f.Store.Append(ctx, stream, expected, events...)
	if err == nil && f.lost > 0 {
		f.lost--
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	return appended, err
}

func TestALostAnswerIsNoSecondCredit(t *testing.T) {
	store := &faulty{Store: open(t), lost: 1}
	service := ledger.NewService(store, ledger.Policy{})
	if _, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}")); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	result, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D2", "{1}"))
	want(t, result, err, ledger.Duplicate)
	if got := types(read(t, store, result.Stream)); got != "[PaymentReceived PaymentVerified]" {
		t.Errorf("got %s", got)
	}
}

func TestAConflictIsDecidedAgain(t *testing.T) {
	store := &faulty{Store: open(t), conflicts: 5}
	service := ledger.NewService(store, ledger.Policy{})
	result, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}"))
	want(t, result, err, ledger.Recorded)
	store.conflicts = 1_000
	if _, err := service.ReportOrder(t.Context(), orderA, order.Report{Status: "expired"}, delivery("D2", "{2}")); !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("got %v, want ErrConflict after a bounded number of tries", err)
	}
}
