package follow_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
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
	"daybook/projections/projectiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs a test on a clock that moves when everything waits, so that
// backoff takes no time. A goroutine that outlives the test fails it.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// open opens a store that the test closes.
func open(t *testing.T, directory string) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// copyDirectory copies a closed log.
func copyDirectory(t *testing.T, directory string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(target, os.DirFS(directory)); err != nil {
		t.Fatal(err)
	}
	return target
}

func usd(t *testing.T, text string) money.Amount {
	t.Helper()
	amount, err := money.Parse("USD", text)
	if err != nil {
		t.Fatal(err)
	}
	return amount
}

// pay appends what the callback of a paid order causes: one dollar for user
// u1. It returns the position of the last event.
func pay(t *testing.T, store eventstore.Store, name string) eventstore.Position {
	t.Helper()
	identity := ident.NewPayment("coinbase", "order", name)
	return record(t, store, eventstore.StreamName(order.NewID("coinbase", name).Stream()),
		order.PaymentReceived{Payment: identity, User: "u1", Amount: usd(t, "1")},
		order.PaymentVerified{Payment: identity, User: "u1", Amount: usd(t, "1")})
}

// payMany pays orders with the numbers from 1 to n.
func payMany(t *testing.T, store eventstore.Store, n int) (last eventstore.Position) {
	t.Helper()
	for i := 1; i <= n; i++ {
		last = pay(t, store, fmt.Sprint(i))
	}
	return last
}

func record(t *testing.T, store eventstore.Store, stream eventstore.StreamName, events ...codec.Event) eventstore.Position {
	t.Helper()
	encoded, err := projectiontest.Encode(stream, events...)
	if err != nil {
		t.Fatal(err)
	}
	appended, err := store.Append(t.Context(), stream, eventstore.NoStream, encoded...)
	if err != nil {
		t.Fatal(err)
	}
	return appended.Position
}

// running is a projection that runs until the test ends.
type running struct {
	*follow.Projection
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // of Run, when ended is closed
}

func run(t *testing.T, projector follow.Projector, store eventstore.Store, options follow.Options) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{Projection: follow.New(projector, store, options), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.err = r.Run(ctx)
	}()
	t.Cleanup(func() { r.stop() })
	return r
}

// stop ends Run and returns its error.
func (r *running) stop() error {
	r.cancel()
	<-r.ended
	return r.err
}

// await waits for a position, for at most a minute of the bubble's clock.
func await(t *testing.T, r *running, position eventstore.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.Wait(ctx, position); err != nil {
		t.Fatalf("%v; status is %+v", err, r.Status())
	}
}

// checkBalance fails unless u1 has so many dollars from as many entries.
func checkBalance(t *testing.T, model *balances.Memory, dollars int) {
	t.Helper()
	balance, err := model.Balance(t.Context(), "u1")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("[{USD %d.00 USD 0.00 USD}]", dollars)
	if got := fmt.Sprint(balance.Currencies); got != want {
		t.Fatalf("balance is %s, want %s", got, want)
	}
	page, err := model.Entries(t.Context(), "u1", 0, 1)
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Number != uint64(dollars) {
		t.Fatalf("newest entries are %+v, want number %d; error %v", page.Entries, dollars, err)
	}
}
