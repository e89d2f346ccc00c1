package schedules_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"daybook/domain/recorder"
	"daybook/eventstore/sqlitestore"
	httpapi "daybook/http"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/rebuild"
	"daybook/projections/redismodel"
	"daybook/projections/schedules"
	"daybook/projections/verify"
)

// local is a daybook in this process. It is killed by cutting everything off
// at once; what a killed process leaves on disk is proved with real ones.
type local struct {
	t         *testing.T
	directory string
	url       string
	said      *lines
	kill      func()
}

func newLocal(t *testing.T, url string) *local {
	return &local{t: t, directory: t.TempDir(), url: url, kill: func() {}}
}

// lines is what a server has logged.
type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *local) Said() string { return l.said.String() }

func (l *local) Kill() {
	l.kill()
	l.kill = func() {}
}

// Start wires what daybook serve does.
func (l *local) Start() string {
	l.t.Helper()
	l.said = &lines{}
	logger := slog.New(slog.NewTextHandler(l.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store, err := sqlitestore.Open(l.t.Context(), sqlitestore.Options{Directory: l.directory})
	l.must(err)
	model := l.connect()
	readBalances, readOrders := balances.NewRedis(model, redismodel.Live()), orders.NewRedis(model, redismodel.Live())
	options := follow.Options{Logger: logger, BatchSize: 50}
	balanceProjection, orderProjection := follow.New(readBalances, store, options), follow.New(readOrders, store, options)
	secrets, err := callback.NewSecrets([]string{schedules.Secret})
	l.must(err)
	secret := new(callback.URLSecret)
	secret.Set(secrets)
	sources := callback.Sources{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	tokens, err := httpapi.ParseTokens([]string{"website:shop:" + schedules.Token})
	l.must(err)
	server := httptest.NewServer(httpapi.NewServer(httpapi.Config{
		Ledger: recorder.New(store, recorder.Policy{}), Store: store,
		Balances: readBalances, BalancesProjection: balanceProjection, Orders: readOrders, OrdersProjection: orderProjection,
		Formats: []*callback.Format{coinbasev1.Format(sources, secret)}, Tokens: tokens,
		Logger: logger,
	}))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, p := range []*follow.Projection{balanceProjection, orderProjection} {
		running.Go(func() {
			if err := p.Run(ctx); err != nil {
				logger.Error("projection has stopped", "projection", p.Status().Name, "error", err.Error())
			}
		})
	}
	l.kill = func() {
		cancel()
		server.CloseClientConnections()
		server.Close()
		running.Wait()
		l.must(errors.Join(model.Close(), store.Close()))
	}
	return server.Listener.Addr().String()
}

func (l *local) connect() *redismodel.Store {
	l.t.Helper()
	model, err := redismodel.Connect(redismodel.Options{URL: l.url})
	l.must(err)
	return model
}

func (l *local) OpenLog(ctx context.Context) (schedules.Log, error) {
	return sqlitestore.OpenReadOnly(ctx, l.directory)
}

func (l *local) Rebuild(ctx context.Context) error {
	log, err := l.OpenLog(ctx)
	if err != nil {
		return err
	}
	model := l.connect()
	_, err = rebuild.Run(ctx, rebuild.Options{Log: log, Store: model, Prefix: redismodel.DefaultPrefix, Gapless: true})
	return errors.Join(err, model.Close(), log.Close())
}

func (l *local) Verify(ctx context.Context) error {
	log, err := l.OpenLog(ctx)
	if err != nil {
		return err
	}
	model := l.connect()
	report, err := verify.Run(ctx, verify.Options{
		Log: log, Client: model.Client(), Prefix: redismodel.DefaultPrefix, Gapless: true,
		Models: projections.Verified(),
	})
	if err == nil && report.Count > 0 {
		err = fmt.Errorf("%d differences: %v", report.Count, report.Differences)
	}
	return errors.Join(err, model.Close(), log.Close())
}

func (l *local) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}
