package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"daybook/cmd/internal/simulate"
)

// measureLag says how long a committed payment takes to be seen in Redis while
// orders come in at a steady rate: one connection more posts an order and then
// reads the balance with its position, which is answered as soon as the
// projection is there. Its way back and forth is in the figure.
func (c *runCommand) measureLag(ctx context.Context, connections int, rate float64) error {
	dir, err := c.scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := c.startDaybookOnRedis(ctx, dir)
	if err != nil {
		return err
	}
	defer server.stop()
	steady := load{users: 1000, interval: time.Duration(float64(connections) / rate * float64(time.Second))}
	loaded := make(chan error, 1)
	var reached measurement
	go func() {
		var err error
		reached, err = steady.run(ctx, server, connections, c.Time)
		loaded <- err
	}()
	lags, err := server.probe(ctx, time.Now().Add(c.Time))
	if loadErr := <-loaded; loadErr != nil {
		return loadErr
	}
	if err != nil {
		return err
	}
	fmt.Printf("\ncommitted to visible in Redis at %.0f orders/s: p50 %.1f ms, p99 %.1f ms, of %d\n", reached.rate,
		lags.Percentile(50).Seconds()*1000, lags.Percentile(99).Seconds()*1000, lags.Count())
	return nil
}

// probe posts orders one after the other, and waits for each to be seen.
func (s *server) probe(ctx context.Context, end time.Time) (simulate.Latencies, error) {
	lags := simulate.NewLatencies()
	sender, err := dial(ctx, s)
	if err != nil {
		return lags, err
	}
	defer sender.conn.Close()
	for time.Now().Before(end) {
		position, err := sender.post(0)
		if err != nil {
			return lags, err
		}
		began := time.Now()
		if err := s.awaitBalance(ctx, userName(0), position); err != nil {
			return lags, err
		}
		lags.Record(time.Since(began))
	}
	return lags, nil
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
