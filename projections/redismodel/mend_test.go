package redismodel_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

// short is a log of which a read ends early, as in a copy that lags behind.
type short struct {
	*projectiontest.Log
	last eventstore.Position
}

func (s short) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return s.cut(s.Log.ReadAll(ctx, after, include...))
}

func (s short) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return s.cut(s.Log.Read(ctx, stream, from, include...))
}

func (s short) cut(events iter.Seq2[eventstore.Recorded, error]) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for e, err := range events {
			if err == nil && e.Position > s.last || !yield(e, err) {
				return
			}
		}
	}
}

// mender is a model that is mended without a runner.
type mender interface {
	follow.Projector
	follow.Mender
}

// mend mends a model once.
func mend(t *testing.T, model mender, l eventstore.Reader) error {
	t.Helper()
	stored, err := model.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return second(model.Mend(t.Context(), l, stored, true))
}

func TestNothingIsMadeAgainFromALogThatEndsTooEarly(t *testing.T) {
	r := filled(t, 9)
	r.stop()
	if err := r.server.Client().Del(t.Context(), r.store.Key(1, "balance", "u%2F0"), r.store.Key(1, "order", "coinbase.9")).Err(); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []eventstore.Position{1, 2, 5} { // the last two are of the last order
		early := short{r.log, r.log.Last() - missing}
		balance := func() error { return second(r.balances.Balance(t.Context(), "u/0")) }
		order := func() error { return second(r.orders.Order(t.Context(), "coinbase.9")) }
		for what, m := range map[string]struct {
			model mender
			read  func() error
		}{"balances": {r.balances, balance}, "orders": {r.orders, order}} {
			if err := m.read(); !errors.Is(err, follow.ErrMending) { // which notes it
				t.Errorf("%s: a read of what is lost says %v", what, err)
			}
			if err := mend(t, m.model, early); !errors.Is(err, eventstore.ErrUnavailable) {
				t.Errorf("%s: mending without the last %d events says %v", what, missing, err)
			}
		}
	}
	for _, model := range []mender{r.balances, r.orders} {
		if err := mend(t, model, r.log); err != nil {
			t.Error(err)
		}
	}
	r.check()
}

// A mark moves the stored position past the last event. In a log that was
// restored from a copy events that are not applied yet stand before it.
func TestWhatIsMadeAgainEndsWithTheLastAppliedEvent(t *testing.T) {
	r := filled(t, 9)
	r.stop()
	for _, model := range []mender{r.balances, r.orders} {
		from, err := model.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		to := from
		to.Position += 100
		if err := model.Apply(t.Context(), from, to, nil); err != nil {
			t.Fatal(err)
		}
	}
	before := describe(t, r.balances, "u/0")
	r.log.Pay(3)
	if err := r.server.Client().Del(t.Context(), r.store.Key(1, "balance", "u%2F0")).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.balances.Balance(t.Context(), "u/0"); !errors.Is(err, follow.ErrMending) {
		t.Fatalf("a read of what is lost says %v", err)
	}
	if err := mend(t, r.balances, r.log); err != nil {
		t.Fatal(err)
	}
	if after := describe(t, r.balances, "u/0"); after != before {
		t.Errorf("made again is\n%s\nwant\n%s", after, before)
	}
}
