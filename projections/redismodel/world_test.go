package redismodel_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds waiting for what takes milliseconds.
const patience = 30 * time.Second

// log is a log that tests append to.
type log struct {
	*sqlitestore.Store
	t    *testing.T
	paid int
	last eventstore.Position
}

func newLog(t *testing.T) *log { return openLog(t, t.TempDir()) }

func openLog(t *testing.T, directory string) *log {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &log{Store: store, t: t}
}

// pay appends paid orders of a dollar each, for users in turn.
func (l *log) pay(n int) eventstore.Position {
	l.t.Helper()
	for range n {
		l.paid++
		name, user := fmt.Sprint(l.paid), fmt.Sprintf("u/%d", l.paid%3)
		identity := ident.NewPayment("coinbase", "order", name)
		amount, err := money.Parse("USD", "1")
		if err != nil {
			l.t.Fatal(err)
		}
		l.last = l.append(eventstore.StreamName(order.NewID("coinbase", name).Stream()),
			order.PaymentReceived{Payment: identity, User: user, Amount: amount},
			order.PaymentVerified{Payment: identity, User: user, Amount: amount})
	}
	return l.last
}

func (l *log) append(stream eventstore.StreamName, events ...codec.Event) eventstore.Position {
	l.t.Helper()
	encoded, err := projectiontest.Encode(stream, events...)
	if err != nil {
		l.t.Fatal(err)
	}
	appended, err := l.Append(l.t.Context(), stream, eventstore.NoStream, encoded...)
	if err != nil {
		l.t.Fatal(err)
	}
	return appended.Position
}

// running is both projections of a log into a store.
type running struct {
	t        *testing.T
	log      *log
	balances *balances.Redis
	orders   *orders.Redis
	all      []*follow.Projection
	stop     func()
}

// run runs both projections until the test ends or stop is called.
func run(t *testing.T, l *log, store *redismodel.Store) *running {
	t.Helper()
	r := &running{
		t: t, log: l,
		balances: balances.NewRedis(store, redismodel.Live()), orders: orders.NewRedis(store, redismodel.Live()),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, projector := range []follow.Projector{r.balances, r.orders} {
		p := follow.New(projector, l, follow.Options{BatchSize: 7})
		r.all = append(r.all, p)
		group.Go(func() {
			if err := p.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	r.stop = func() { cancel(); group.Wait() }
	t.Cleanup(r.stop)
	return r
}

// await waits until both have applied all of the log.
func (r *running) await() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	for _, p := range r.all {
		if err := p.Wait(ctx, r.log.last); err != nil {
			r.t.Fatalf("%v; status is %+v", err, p.Status())
		}
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
		return err == nil && orderErr == nil && b.Position >= r.log.last && o.Position >= r.log.last
	})
	r.check()
}

// check compares the models with those in memory.
func (r *running) check() {
	r.t.Helper()
	wantBalances, wantOrders := balances.NewMemory(), projectiontest.NewReferenceOrders()
	fill(r.t, r.log, wantBalances)
	fill(r.t, r.log, wantOrders)
	for i := range 3 {
		user := fmt.Sprintf("u/%d", i)
		if got, want := describe(r.t, r.balances, user), describe(r.t, wantBalances, user); got != want {
			r.t.Fatalf("the model says\n%s\nwant\n%s", got, want)
		}
	}
	for i := range r.log.paid {
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

func fill(t *testing.T, l *log, model follow.Projector) {
	t.Helper()
	var events []eventstore.Recorded
	for event, err := range l.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	if err := model.Apply(t.Context(), follow.Checkpoint{}, follow.Checkpoint{LogID: "x", Fold: 1}, events); err != nil {
		t.Fatal(err)
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

// applyTo applies the rest of the log to a model, in one batch and without
// anything that a runner does between batches.
func (l *log) applyTo(model follow.Projector) {
	l.t.Helper()
	from, err := model.Load(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	to := from
	var events []eventstore.Recorded
	for e, err := range l.ReadAll(l.t.Context(), from.Position) {
		if err != nil {
			l.t.Fatal(err)
		}
		events = append(events, e)
		to.Position, to.EventID, to.Stream, to.Revision = e.Position, e.ID, e.Stream, e.Revision
	}
	if err := model.Apply(l.t.Context(), from, to, events); err != nil {
		l.t.Fatal(err)
	}
}
