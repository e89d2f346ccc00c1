package balances_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestRedisFilling(t *testing.T) {
	if testing.Short() {
		t.Skip("one step after another: nothing for the race detector")
	}
	server := redistest.Start(t)
	projectiontest.RunBalances(t, func(t *testing.T) (follow.Projector, projectiontest.Balances) {
		model := balances.NewRedis(server.Store(t), redismodel.Filling(1))
		return projectiontest.Flushed(model), model
	})
}

// A filling that is broken off anywhere counts nothing twice, whatever the
// batches are.
func TestAFillingIsBrokenOffAnywhereAndGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("one step after another: nothing for the race detector")
	}
	const users = 2500
	events := projectiontest.Pairs(t, 6000, users)
	want := balances.NewMemory()
	projectiontest.Apply(t, want, events)
	proxy := redistest.NewProxy(t, redistest.Start(t))
	open := func(store int) *balances.Redis {
		return balances.NewRedis(redistest.Connect(t, redismodel.Options{URL: proxy.URL(), Prefix: fmt.Sprintf("{%d}", store)}), redismodel.Filling(1))
	}
	compared := users
	if testing.Short() {
		compared = users / 10
	}
	projectiontest.RunBrokenFillings(t, proxy, events, open, func(model *balances.Redis) { same(t, model, want, compared) })
}

// same fails unless a model says of the first users what another one does.
func same(t *testing.T, model, want projectiontest.Balances, users int) {
	t.Helper()
	for user := range users {
		name := fmt.Sprintf("user-%d", user)
		if got, wanted := all(t, model, name), all(t, want, name); got != wanted {
			t.Fatalf("the model says\n%s\nwant\n%s", got, wanted)
		}
	}
}

// all is what a model says of a user.
func all(t *testing.T, model projectiontest.Balances, user string) string {
	t.Helper()
	balance, err := model.Balance(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	page, err := model.Entries(t.Context(), user, 0, balances.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	balance.Position, page.Position = 0, 0
	return fmt.Sprintf("%+v\n%+v", balance, page)
}

// A filler that was held up while another one went on writes nothing more.
func TestASecondFillerShutsTheFirstOut(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	events := projectiontest.Pairs(t, 3000, 2500)
	first, second := balances.NewRedis(store, redismodel.Filling(1)), balances.NewRedis(store, redismodel.Filling(1))
	to := follow.Checkpoint{LogID: projectiontest.LogID, Position: events[999].Position, Fold: balances.FoldVersion}
	for _, model := range []*balances.Redis{first, second} {
		from, err := model.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := model.Apply(t.Context(), from, to, events[:1000]); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Flush(t.Context()); !errors.Is(err, follow.ErrCheckpointMoved) {
		t.Fatalf("the first filler is told %v", err)
	}
	if err := first.Flush(t.Context()); !errors.Is(err, follow.ErrCheckpointMoved) {
		t.Fatalf("before it has loaded what is stored, the first filler is told %v", err)
	}
	if err := projectiontest.FillRest(t.Context(), first, events, 500); err != nil {
		t.Fatal(err)
	}
	want := balances.NewMemory()
	projectiontest.Apply(t, want, events)
	same(t, first, want, 100)
}

// What was being written when Redis went away may be half there: only Load
// finds out.
func TestAFillingThatHasFailedWritesNothingMore(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	events := projectiontest.Pairs(t, 3000, 2500)
	model := balances.NewRedis(redistest.Connect(t, redismodel.Options{URL: proxy.URL()}), redismodel.Filling(1))
	from, err := model.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	to := follow.Checkpoint{LogID: projectiontest.LogID, Position: events[999].Position, Fold: balances.FoldVersion}
	if err := model.Apply(t.Context(), from, to, events[:1000]); err != nil {
		t.Fatal(err)
	}
	model.Cut()
	proxy.Refuse()
	if err := model.Write(t.Context()); !errors.Is(err, follow.ErrUnreachable) {
		t.Fatalf("without Redis it is told %v", err)
	}
	proxy.Accept()
	for name, do := range map[string]func(context.Context) error{"write": model.Write, "flush": model.Flush} {
		if err := do(t.Context()); !errors.Is(err, follow.ErrUnreachable) {
			t.Errorf("%s is told %v", name, err)
		}
	}
	if keys := server.Keys(); len(keys) != 0 {
		t.Errorf("there are keys: %q", keys)
	}
	if err := projectiontest.FillRest(t.Context(), model, events, 500); err != nil {
		t.Fatal(err)
	}
}
