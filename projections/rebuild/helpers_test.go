package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
	"daybook/projections/verify"
)

func TestMain(m *testing.M) {
	if os.Getenv(childMode) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

// world is a log with a writer, and a Redis.
type world struct {
	log       *sqlitestore.Store
	directory string
	server    *redistest.Server
	paid      atomic.Int64
}

const users = 50

func newWorld(t *testing.T, arguments ...string) *world {
	t.Helper()
	w := &world{directory: t.TempDir(), server: redistest.Start(t, arguments...)}
	var err error
	if w.log, err = sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: w.directory}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.log.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// pay records orders, each paid once, from the number of the last one on.
func (w *world) pay(ctx context.Context, n int) error {
	for range n {
		i := w.paid.Add(1)
		name := fmt.Sprintf("N%d", i)
		amount, err := money.Parse("USD", fmt.Sprintf("%d.%02d", i%97, i%89))
		if err != nil {
			return err
		}
		identity, user := ident.NewPayment("coinbase", "order", name), fmt.Sprintf("user/%d", i%users)
		stream := eventstore.StreamName(order.NewID("coinbase", name).Stream())
		events, err := projectiontest.Encode(stream,
			order.PaymentReceived{Payment: identity, User: user, Amount: amount},
			order.PaymentVerified{Payment: identity, User: user, Amount: amount, Evidence: []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}}})
		if err != nil {
			return err
		}
		_, err = w.log.Append(ctx, stream, eventstore.NoStream, events...)
		for errors.Is(err, eventstore.ErrUnavailable) && ctx.Err() == nil { // busy: the same append may be repeated
			_, err = w.log.Append(ctx, stream, eventstore.NoStream, events...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) mustPay(t *testing.T, n int) {
	t.Helper()
	if err := w.pay(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

func (w *world) store(t *testing.T) *redismodel.Store {
	t.Helper()
	store, err := redismodel.Connect(redismodel.Options{URL: w.server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func (w *world) options(t *testing.T) Options {
	return Options{Log: w.log, Store: w.store(t), Prefix: redismodel.DefaultPrefix, Gapless: true}
}

// live runs the projections of a server until the test ends.
func (w *world) live(t *testing.T) (await func(eventstore.Position)) {
	t.Helper()
	store := w.store(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running []*follow.Projection
	ended := make(chan error, 2)
	for _, projector := range []follow.Projector{
		balances.NewRedis(store, redismodel.Live()), orders.NewRedis(store, redismodel.Live()),
	} {
		p := follow.New(projector, w.log, follow.Options{})
		running = append(running, p)
		go func() { ended <- p.Run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for range running {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	return func(position eventstore.Position) {
		t.Helper()
		for _, p := range running {
			if err := p.Wait(t.Context(), position); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// verified fails unless the current generation is what the log says, and
// returns the report.
func (w *world) verified(t *testing.T) verify.Report {
	t.Helper()
	return w.mustVerify(t, verify.Options{
		Log: w.log, Client: w.store(t).Client(), Prefix: redismodel.DefaultPrefix, Gapless: true,
		Models: projections.Verified(),
	})
}

func (w *world) mustVerify(t *testing.T, options verify.Options) verify.Report {
	t.Helper()
	report, err := verify.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Differences {
		t.Errorf("%s %s", d.Subject, d.Text)
	}
	return report
}

func (w *world) generations(t *testing.T) string {
	t.Helper()
	all, err := w.store(t).Generations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}
