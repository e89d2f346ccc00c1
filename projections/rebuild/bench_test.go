package rebuild

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"daybook/projections/redistest"
)

var (
	benchEvents = flag.Int("rebuild.events", 1_000_000, "events in the log of BenchmarkRebuild")
	benchUsers  = flag.Int("rebuild.users", 100_000, "users in the log of BenchmarkRebuild")
	benchLog    = flag.String("rebuild.log", "", "directory of the log of BenchmarkRebuild, which is kept; it is made if there is none")
)

// BenchmarkRebuild rebuilds both models from a log in a file, in a process of
// its own whose memory is that of `daybook rebuild`, next to what a rebuild
// cannot be faster than: reading the log, and giving Redis the same texts in
// plain pipelines. Beside rates, which other work on the machine spoils, it
// reports processor time.
//
//	go test -run xxx -bench Rebuild ./projections/rebuild -rebuild.events 10000000
func BenchmarkRebuild(b *testing.B) {
	directory := *benchLog
	if directory == "" {
		directory = b.TempDir()
	}
	if err := makeLog(b.Context(), directory, *benchEvents, *benchUsers); err != nil {
		b.Fatal(err)
	}
	server := redistest.Start(b)
	b.Run("limit=scan", func(b *testing.B) {
		for b.Loop() {
			benchChild(b, childScan, directory, "")
		}
	})
	b.Run("limit=plain", func(b *testing.B) {
		for b.Loop() {
			benchPlain(b, server)
		}
	})
	b.Run("rebuild", func(b *testing.B) {
		for b.Loop() {
			benchRebuild(b, server, directory)
		}
	})
}

func benchRebuild(b *testing.B, server *redistest.Server, directory string) {
	server.Client().FlushAll(b.Context())
	before := server.CPU()
	said := benchChild(b, childRebuild, directory, server.URL())
	spent := server.CPU() - before
	var filled, peak, fillPeak, redisFilling int64
	var took, filling, whole time.Duration // as nanoseconds
	if _, err := fmt.Sscan(said, &filled, &took, &filling, &whole, &peak, &fillPeak, &redisFilling); err != nil {
		b.Fatalf("%v: %q", err, said)
	}
	n := float64(filled)
	b.ReportMetric(n/took.Seconds(), "filled/s")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	b.ReportMetric(float64(fillPeak)/(1<<20), "fill-peak-MiB")
	b.ReportMetric(n/whole.Seconds(), "rebuilt/s")
	b.ReportMetric(float64(filling.Nanoseconds())/n, "fill-cpu-ns/event")
	b.ReportMetric(float64(redisFilling)/n, "fill-redis-ns/event")
	b.ReportMetric(float64(spent.Nanoseconds())/n, "redis-cpu-ns/event")
}

// benchChild runs a part of the work in a process of its own, and returns what
// that has printed.
func benchChild(b *testing.B, mode, directory, url string) string {
	command := exec.CommandContext(b.Context(), os.Args[0])
	command.Env = append(os.Environ(), childMode+"="+mode, childDirectory+"="+directory, childRedis+"="+url)
	if os.Getenv("GOMEMLIMIT") == "" {
		command.Env = append(command.Env, "GOMEMLIMIT=220MiB") // as the command has it
	}
	var said strings.Builder
	command.Stdout, command.Stderr = &said, os.Stderr
	started := time.Now()
	if err := command.Run(); err != nil {
		b.Fatalf("%v: %s", err, said.String())
	}
	n := float64(*benchEvents)
	b.ReportMetric(n/time.Since(started).Seconds(), "events/s")
	cpu := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	b.ReportMetric(float64(cpu.Nanoseconds())/n, "cpu-ns/event")
	return said.String()
}

// benchPlain gives Redis the entry and the order of every pair of events, in
// pipelines and without anything that makes it exact.
func benchPlain(b *testing.B, server *redistest.Server) {
	ctx := b.Context()
	server.Client().FlushAll(ctx)
	const (
		entry = `["1000041","PaymentVerified","coinbase/order/5RTQNACF","USD","12.53","1212.53","order-coinbase.5RTQNACF","2012-12-10T05:23:41Z","2026-11-21T21:59:27.546175Z"]`
		text  = `{"id":"coinbase.5RTQNACF","status":"paid","registered":false,"expired":false,"user":"user-12345","amount":{"currency":"USD","amount":"12.53"},"payments":[{"payment":"coinbase/order/5RTQNACF","user":"user-12345","amount":{"currency":"USD","amount":"12.53"},"status":"verified","occurred_at":"2012-12-10T05:23:41Z","recorded_at":"2026-11-21T21:59:27.546175Z"}],"mispayments":[],"holds":[],"reported_statuses":[],"revision":1,"changed":"1000041","occurred_at":"2012-12-10T05:23:41Z","recorded_at":"2026-11-21T21:59:27.546175Z"}`
	)
	before, started := server.CPU(), time.Now()
	for i := 0; i < *benchEvents/2; {
		_, err := server.Client().Pipelined(ctx, func(p redis.Pipeliner) error {
			for end := min(i+500, *benchEvents/2); i < end; i++ {
				p.RPush(ctx, fmt.Sprintf("{daybook}:2:entries:user-%d", i*7919%*benchUsers), entry)
				p.Set(ctx, fmt.Sprintf("{daybook}:2:order:coinbase.%08X", uint32(i)*2654435761), text, 0)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	n := float64(*benchEvents)
	b.ReportMetric(n/time.Since(started).Seconds(), "events/s")
	b.ReportMetric(float64((server.CPU()-before).Nanoseconds())/n, "redis-cpu-ns/event")
	server.Client().FlushAll(ctx)
}
