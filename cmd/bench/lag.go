package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"daybook/cmd/internal/simulate"
)

// measureLag says how long a committed payment takes to be seen in Redis while
// orders come in at a steady rate: one connection more posts an order and then
// reads the balance with its position, which is answered as soon as the
// projection is there. Its way back and forth is in the figure. Beside it is what
// the machine does to the least there could be at that moment: one script that
// writes, and one command that reads.
func (c *runCommand) measureLag(ctx context.Context, connections int, rate float64) error {
	lags, least := simulate.NewLatencies(), simulate.NewLatencies()
	var reached []float64
	for range c.Rounds {
		r, err := c.lagOnce(ctx, connections, rate, lags, least)
		if err != nil {
			return err
		}
		reached = append(reached, r)
	}
	fmt.Printf("\ncommitted to visible in Redis at %.0f orders/s: p50 %.1f ms, p99 %.1f ms, of %d\n", median(reached),
		milliseconds(lags, 50), milliseconds(lags, 99), lags.Count())
	fmt.Printf("a bare script and a read meanwhile: p50 %.1f ms, p99 %.1f ms, of %d\n",
		milliseconds(least, 50), milliseconds(least, 99), least.Count())
	return nil
}

func milliseconds(l simulate.Latencies, percent float64) float64 {
	return l.Percentile(percent).Seconds() * 1000
}

// lagOnce adds to what was measured before, and returns the rate that was reached.
func (c *runCommand) lagOnce(ctx context.Context, connections int, rate float64, lags, least simulate.Latencies) (float64, error) {
	dir, err := c.scratch()
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	server, err := c.startDaybookOnRedis(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer server.stop()
	steady := load{users: 1000, interval: time.Duration(float64(connections) / rate * float64(time.Second))}
	end := time.Now().Add(c.Time)
	var reached measurement
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		reached, err = steady.run(ctx, server, connections, c.Time)
		return err
	})
	group.Go(func() error { return server.probe(ctx, end, lags) })
	group.Go(func() error { return probeRedis(ctx, server.redis, end, least) })
	err = group.Wait()
	return reached.rate, err
}

// probeRedis writes and reads one key, some hundred times a second.
func probeRedis(ctx context.Context, url string, end time.Time, took simulate.Latencies) error {
	options, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	write := redis.NewScript("return redis.call('SET', KEYS[1], ARGV[1])")
	for time.Now().Before(end) {
		began := time.Now()
		if err := write.Run(ctx, client, []string{"bench"}, began.String()).Err(); err != nil {
			return err
		}
		if err := client.Get(ctx, "bench").Err(); err != nil {
			return err
		}
		took.Record(time.Since(began))
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// probe posts orders one after the other, and waits for each to be seen.
func (s *server) probe(ctx context.Context, end time.Time, lags simulate.Latencies) error {
	sender, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer sender.conn.Close()
	for time.Now().Before(end) {
		position, err := sender.post(0)
		if err != nil {
			return err
		}
		began := time.Now()
		if err := s.awaitBalance(ctx, userName(0), position); err != nil {
			return err
		}
		lags.Record(time.Since(began))
	}
	return nil
}

func (s *server) awaitBalance(ctx context.Context, user string, position uint64) error {
	url := fmt.Sprintf("http://%s/balances/%s?min_position=%d", s.address, user, position)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("read a balance: answered %s", answer.Status)
	}
	return nil
}
