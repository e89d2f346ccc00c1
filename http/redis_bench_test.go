package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"

	"github.com/go-json-experiment/json"
	"github.com/redis/go-redis/v9"
)

// redisBalances is a read model in Redis that follows the log of a world.
func redisBalances(t testing.TB, server *redistest.Server, prefix string) *balances.Redis {
	t.Helper()
	return balances.NewRedis(server.StoreAt(t, prefix), redismodel.Live())
}

// BenchmarkRedisBalance is GET /balances/{user} over connections, beside a bare
// handler that asks Redis for the same hash and encodes it.
func BenchmarkRedisBalance(b *testing.B) {
	server := redistest.Start(b)
	model := redisBalances(b, server, "{bench}")
	w := newWorld(b, wiring{allowLoopback: true, balancesReader: func(Balances) Balances { return model }})
	w.server.logger = slog.New(slog.DiscardHandler)
	w.post(completed("A", "u1", 1253, "USD"))
	filling, stop := context.WithCancel(b.Context())
	filler := projections.New(model, w.store, projections.Options{})
	filled := make(chan error)
	go func() { filled <- filler.Run(filling) }()
	if err := filler.Wait(b.Context(), w.end()); err != nil {
		b.Fatal(err)
	}
	stop()
	if err := <-filled; err != nil {
		b.Fatal(err)
	}
	w.settle()

	client := redis.NewClient(&redis.Options{Addr: server.Address})
	b.Cleanup(func() { _ = client.Close() })
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fields, err := client.HGetAll(r.Context(), "{bench}:1:balance:u1").Result()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body, _ := json.Marshal(fields)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	for range 3 { // in turn, because the machine is not always as fast
		for name, handler := range map[string]http.Handler{"bare": bare, "daybook": w.server} {
			for connections, label := range map[int]string{1: "1", 64: "64"} {
				b.Run(name+"/connections="+label, func(b *testing.B) { benchmarkGet(b, handler, connections) })
			}
		}
	}
}

func benchmarkGet(b *testing.B, handler http.Handler, connections int) {
	server := httptest.NewServer(handler)
	defer server.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, DialContext: new(net.Dialer).DialContext}
	defer transport.CloseIdleConnections()
	get := func() error {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/balances/u1", nil)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+tokens[Website])
		response, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			b.Errorf("%d %s", response.StatusCode, body)
		}
		return err
	}
	b.ResetTimer()
	if connections == 1 {
		for range b.N {
			if err := get(); err != nil {
				b.Fatal(err)
			}
		}
		return
	}
	b.SetParallelism(connections / 2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := get(); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
