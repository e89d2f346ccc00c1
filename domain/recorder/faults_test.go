package recorder_test

import (
	"context"
	"errors"
	"testing"

	"daybook/domain/order"
	"daybook/domain/recorder"
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
	w := with(t, &faulty{Store: newWorld(t).log, lost: 1})
	if _, err := w.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}")); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	result := w.order(orderA, completed("u1", "10.00"), delivery("D2", "{1}"), recorder.Duplicate)
	w.wantTypes(result.Stream, "PaymentReceived", "PaymentVerified")
}

func TestAConflictIsDecidedAgain(t *testing.T) {
	store := &faulty{Store: newWorld(t).log, conflicts: 5}
	w := with(t, store)
	w.order(orderA, completed("u1", "10.00"), delivery("D1", "{1}"), recorder.Recorded)
	store.conflicts = 1_000
	if _, err := w.ReportOrder(t.Context(), orderA, order.Report{Status: "expired"}, delivery("D2", "{2}")); !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("got %v, want ErrConflict after a bounded number of tries", err)
	}
}
