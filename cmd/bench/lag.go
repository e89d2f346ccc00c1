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
// projection is there. Its way back and forth is in the figure. Beside it is the
// least that any such way costs at that moment: a script that writes one key, and
// then a command that reads it, timed together.
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
	ctx, cancel := context.WithTimeout(ctx, 2*c.Time+30*time.Second)
	defer cancel()
	steady := load{users: 1000, interval: time.Duration(float64(connections) / rate * float64(time.Second))}
	if _, err := steady.run(ctx, server, connections, c.Time/8); err != nil { // warm up
		return 0, err
	}
	end := time.Now().Add(c.Time)
	var reached measurement
	probed := steady.newPosted()
	group, measuring := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		reached, err = steady.run(measuring, server, connections, c.Time)
		return err
	})
	group.Go(func() error { return server.probe(measuring, end, probed) })
	group.Go(func() error { return probeRedis(measuring, server.redis, end, least) })
	if err := group.Wait(); err != nil {
		return 0, err
	}
	lags.Merge(probed.took)
	server.acknowledge(probed)
	return reached.rate, server.check(ctx)
}

// probeRedis writes and reads one key, at most 200 times a second.
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

// probe posts orders one after the other, and waits for each to be seen. It
// records the waits.
func (s *server) probe(ctx context.Context, end time.Time, own *posted) error {
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
		own.cents[0]++
		own.position = position
		if err := s.awaitBalance(ctx, userName(0), position); err != nil {
			return err
		}
		own.took.Record(time.Since(began))
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
