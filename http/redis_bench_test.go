package httpapi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"daybook/projections/balances"
	"daybook/projections/follow"
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
// handler that asks Redis for the same hash and encodes it. The two take turns
// that are short, so that a slow moment of the machine meets both; the figures
// are medians of their turns.
func BenchmarkRedisBalance(b *testing.B) {
	server := redistest.Start(b)
	model := redisBalances(b, server, "{bench}")
	w := newWorld(b, wiring{allowLoopback: true, balancesReader: func(Balances) Balances { return model }})
	w.server.front.logger = slog.New(slog.DiscardHandler)
	w.post(completed("A", "u1", 1253, "USD"))
	filling, stop := context.WithCancel(b.Context())
	filler := follow.New(model, w.store, follow.Options{})
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
	for _, connections := range []int{1, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			subjects := []*reader{newReader(b, goServer(b, bare), connections), newReader(b, serve(b, w.server, w.server.front.logger), connections)}
			for b.Loop() {
				for _, subject := range subjects {
					subject.turn(b)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(subjects[0].rate(), "bare/s")
			b.ReportMetric(subjects[1].rate(), "daybook/s")
			b.ReportMetric(subjects[1].rate()/subjects[0].rate(), "daybook/bare")
		})
	}
}

// readsInTurn is how many requests a turn has at least: some 10 ms of them.
const readsInTurn = 128

// reader asks one handler for a balance, over connections that it keeps.
type reader struct {
	url         string
	connections int
	transport   *http.Transport
	rates       []float64 // of its turns, in requests per second
}

// goServer answers with Go's own server, and returns its address.
func goServer(b *testing.B, handler http.Handler) string {
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func newReader(b *testing.B, address string, connections int) *reader {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, DialContext: new(net.Dialer).DialContext}
	b.Cleanup(transport.CloseIdleConnections)
	return &reader{url: "http://" + address + "/balances/u1", connections: connections, transport: transport}
}

func (r *reader) turn(b *testing.B) {
	each := max(8, readsInTurn/r.connections)
	var group sync.WaitGroup
	began := time.Now()
	for range r.connections {
		group.Go(func() {
			for range each {
				if err := r.get(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	r.rates = append(r.rates, float64(each*r.connections)/time.Since(began).Seconds())
}

func (r *reader) get() error {
	request, err := http.NewRequest(http.MethodGet, r.url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+tokens[Website])
	response, err := r.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %s", response.StatusCode, body)
	}
	return err
}

// rate is the median of the turns.
func (r *reader) rate() float64 {
	slices.Sort(r.rates)
	return r.rates[len(r.rates)/2]
}
