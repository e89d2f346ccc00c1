package redismodel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"daybook/domain/order"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waiting for what takes milliseconds.
const patience = 30 * time.Second

// running is both projections of a log into a store.
type running struct {
	t        *testing.T
	log      *projectiontest.Log
	server   *redistest.Server // nil unless start or filled has started it
	store    *redismodel.Store
	balances *balances.Redis
	orders   *orders.Redis
	all      []*projectiontest.Running
}

// start runs both projections of a new log into a new Redis.
func start(t *testing.T, arguments ...string) *running {
	t.Helper()
	server := redistest.Start(t, arguments...)
	r := run(t, projectiontest.NewLog(t), server.StoreAt(t, "{x}"))
	r.server = server
	return r
}

// filled is start, with paid orders in the models.
func filled(t *testing.T, orders int, arguments ...string) *running {
	t.Helper()
	r := start(t, arguments...)
	r.log.Pay(orders)
	r.settle()
	return r
}

// run runs both projections until the test ends or stop is called.
func run(t *testing.T, l *projectiontest.Log, store *redismodel.Store) *running {
	t.Helper()
	r := &running{
		t: t, log: l, store: store,
		balances: balances.NewRedis(store, redismodel.Live()), orders: orders.NewRedis(store, redismodel.Live()),
	}
	for _, projector := range []follow.Projector{r.balances, r.orders} {
		r.all = append(r.all, projectiontest.Follow(t, l, projector, follow.Options{BatchSize: 7}))
	}
	return r
}

func (r *running) stop() {
	r.t.Helper()
	for _, p := range r.all {
		if err := p.Stop(); err != nil {
			r.t.Error(err)
		}
	}
}

// await waits until both have applied all of the log.
func (r *running) await() {
	r.t.Helper()
	for _, p := range r.all {
		p.Await(r.log.Last())
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not %s", what)
		}
	}
}

// settle waits until the store has all of the log, whoever wrote it, and
// compares it.
func (r *running) settle() {
	r.t.Helper()
	until(r.t, "at the end of the log", func() bool {
		b, err := r.balances.Balance(r.t.Context(), "u/1")
		o, orderErr := r.orders.Order(r.t.Context(), "coinbase.1")
		return err == nil && orderErr == nil && b.Position >= r.log.Last() && o.Position >= r.log.Last()
	})
	r.check()
}

// check compares the models with those in memory.
func (r *running) check() {
	r.t.Helper()
	wantBalances, wantOrders := balances.NewMemory(), projectiontest.NewReferenceOrders()
	for _, model := range []follow.Projector{wantBalances, wantOrders} {
		projectiontest.Apply(r.t, model, projectiontest.Events(r.t, r.log))
	}
	for i := range 3 {
		user := fmt.Sprintf("u/%d", i)
		if got, want := describe(r.t, r.balances, user), describe(r.t, wantBalances, user); got != want {
			r.t.Fatalf("the model says\n%s\nwant\n%s", got, want)
		}
	}
	for i := range r.log.Paid() {
		id := order.NewID("coinbase", fmt.Sprint(i+1))
		got, err := r.orders.Order(r.t.Context(), id)
		if err != nil {
			r.t.Fatal(err)
		}
		want, err := wantOrders.Order(r.t.Context(), id)
		if err != nil {
			r.t.Fatal(err)
		}
		got.Position = want.Position
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			r.t.Fatalf("the model says\n%+v\nwant\n%+v", got, want)
		}
	}
}

func describe(t *testing.T, model interface {
	Balance(context.Context, string) (balances.Balance, error)
	Entries(context.Context, string, uint64, int) (balances.Page, error)
}, user string) string {
	t.Helper()
	var b strings.Builder
	balance, err := model.Balance(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	balance.Position = 0
	fmt.Fprintf(&b, "%+v\n", balance)
	for before := uint64(0); ; {
		page, err := model.Entries(t.Context(), user, before, 100)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%+v\n", page.Entries)
		if before = page.Next; before == 0 {
			return b.String()
		}
	}
}
