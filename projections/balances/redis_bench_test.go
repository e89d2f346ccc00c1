package balances_test

import (
	"fmt"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// BenchmarkRedisApply fills an empty model in full batches, entries included:
// pairs of PaymentReceived and PaymentVerified of many users, and a log of all
// types of events of a few. It also reports the time that Redis spends, which
// is the limit of a rebuild.
func BenchmarkRedisApply(b *testing.B) {
	server := redistest.Start(b)
	for _, users := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) { benchmarkApply(b, server, projectiontest.Pairs(b, 200_000, users)) })
	}
	b.Run("sample", func(b *testing.B) { benchmarkApply(b, server, projectiontest.Sample(20_000)) })
}

func benchmarkApply(b *testing.B, server *redistest.Server, events []eventstore.Recorded) {
	var spent time.Duration
	for b.Loop() {
		before := server.CPU()
		projectiontest.Apply(b, balances.NewRedis(server.Store(b), redismodel.Live()), events)
		b.StopTimer()
		spent += server.CPU() - before
		server.Client().FlushAll(b.Context())
		b.StartTimer()
	}
	n := float64(b.N) * float64(len(events))
	b.ReportMetric(n/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(spent.Nanoseconds())/n, "redis-ns/event")
}

// BenchmarkRedisBalance reads what one user has.
func BenchmarkRedisBalance(b *testing.B) {
	server := redistest.Start(b)
	model := balances.NewRedis(server.Store(b), redismodel.Live())
	projectiontest.Apply(b, model, projectiontest.Pairs(b, 1000, 10))
	b.Run("model", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := model.Balance(b.Context(), "user-1"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare HGETALL", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := server.Client().HGetAll(b.Context(), "{test-1}:1:balance:user-1").Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
