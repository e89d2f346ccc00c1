// Command bench measures how fast daybook takes callbacks, beside the limits of
// the machine in the same run, and reports ratios: absolute numbers of a shared
// machine say little. Limits, daybook and the load are processes of their own
// in every measurement, on a data directory whose disk really syncs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Run   runCommand   `cmd:"" default:"withargs" help:"Measure and print the table."`
	Limit limitCommand `cmd:"" help:"Serve a limit; run does this itself."`
}

type runCommand struct {
	Daybook     string        `help:"The binary to measure." default:"bin/daybook"`
	Dir         string        `help:"Scratch directory on the disk to measure." default:"bench-data" type:"path"`
	Rounds      int           `help:"Measurements of each subject; medians are reported." default:"5"`
	Time        time.Duration `help:"Length of one measurement." default:"4s"`
	Connections []int         `help:"Numbers of connections." default:"64,1"`
	Profiles    string        `help:"Directory for profiles of daybook's processor time." type:"path"`

	profiled int // profiles so far
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	parsed := kong.Parse(&commands{}, kong.BindTo(ctx, (*context.Context)(nil)))
	parsed.FatalIfErrorf(parsed.Run())
}

// subject is one thing that is measured.
type subject struct {
	name  string
	load  load
	start func(ctx context.Context, dir string) (*server, error)
}

const onRedisName = "daybook on Redis, 1,000 users"

// Run measures the subjects in turn, round after round, so that a slow moment
// of the machine meets all of them.
func (c *runCommand) Run(ctx context.Context) error {
	subjects := []subject{
		{"a: net/http, decode, answer", load{users: 1000}, startLimit("decode")},
		{"b: a and group-commit fdatasync", load{users: 1000}, startLimit("sync")},
		{"daybook, 1,000 users", load{users: 1000}, c.startDaybookInMemory},
		{"daybook, one hot user", load{users: 1}, c.startDaybookInMemory},
		{onRedisName, load{users: 1000}, c.startDaybookOnRedis},
		{"daybook on Redis, one hot user", load{users: 1}, c.startDaybookOnRedis},
		{"daybook on EventStoreDB's protocol", load{users: 1000}, c.startDaybookOnEventStoreDB},
	}
	for _, connections := range c.Connections {
		measured := make([][]measurement, len(subjects))
		for range c.Rounds {
			for i, s := range subjects {
				m, err := c.measure(ctx, s, connections)
				if err != nil {
					return fmt.Errorf("measure %s: %w", s.name, err)
				}
				measured[i] = append(measured[i], m)
			}
		}
		report(subjects, measured, connections)
		if connections > 1 {
			onRedis := measured[slices.IndexFunc(subjects, func(s subject) bool { return s.name == onRedisName })]
			var rates []float64
			for _, m := range onRedis {
				rates = append(rates, m.rate)
			}
			if err := c.measureLag(ctx, connections, median(rates)/2); err != nil {
				return fmt.Errorf("measure the lag: %w", err)
			}
		}
	}
	return nil
}

// measure runs one subject in a directory of its own.
func (c *runCommand) measure(ctx context.Context, s subject, connections int) (measurement, error) {
	dir, err := c.scratch()
	if err != nil {
		return measurement{}, err
	}
	defer os.RemoveAll(dir)
	server, err := s.start(ctx, dir)
	if err != nil {
		return measurement{}, err
	}
	defer server.stop()
	if _, err := s.load.run(ctx, server, connections, c.Time/8); err != nil { // warm up
		return measurement{}, err
	}
	m, err := s.load.run(ctx, server, connections, c.Time)
	if err != nil {
		return measurement{}, err
	}
	return m, server.check(ctx)
}

// scratch returns an empty directory on the disk to measure.
func (c *runCommand) scratch() (string, error) {
	dir := filepath.Join(c.Dir, "run")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// report prints medians. Ratios are medians of the ratios of each round.
func report(subjects []subject, measured [][]measurement, connections int) {
	fmt.Printf("\n%d connections, unique orders with random ids, medians of %d rounds\n", connections, len(measured[0]))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\torders/s\tp50 ms\tp99 ms\tof a\tof b\tof daybook\t")
	for i, s := range subjects {
		column := func(of func(measurement, int) float64) float64 {
			var values []float64
			for round, m := range measured[i] {
				values = append(values, of(m, round))
			}
			return median(values)
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", s.name,
			column(func(m measurement, _ int) float64 { return m.rate }),
			column(func(m measurement, _ int) float64 { return m.p50.Seconds() * 1000 }),
			column(func(m measurement, _ int) float64 { return m.p99.Seconds() * 1000 }),
			column(func(m measurement, round int) float64 { return m.rate / measured[0][round].rate }),
			column(func(m measurement, round int) float64 { return m.rate / measured[1][round].rate }),
			column(func(m measurement, round int) float64 { return m.rate / measured[2][round].rate }))
	}
	_ = w.Flush()
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
