package rebuild

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"daybook/eventstore/sqlitestore"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// Work in a process of its own, which is this test run again.
const (
	childMode      = "DAYBOOK_TEST_REBUILD_MODE"
	childDirectory = "DAYBOOK_TEST_REBUILD_DIRECTORY"
	childRedis     = "DAYBOOK_TEST_REBUILD_REDIS"
	childProfile   = "DAYBOOK_TEST_REBUILD_PROFILE" // file for a profile of the processor time of filling
	childWhole     = "DAYBOOK_TEST_REBUILD_WHOLE"   // if set, of comparing as well

	childScan    = "scan"
	childRebuild = "rebuild"
)

func child() int {
	if path := os.Getenv(childProfile); path != "" {
		file, err := os.Create(path)
		if err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer pprof.StopCPUProfile()
	}
	work := childRebuilds
	if os.Getenv(childMode) == childScan {
		work = childScans
	}
	if err := work(context.Background()); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// childScans reads the log.
func childScans(ctx context.Context) error {
	log, err := sqlitestore.OpenReadOnly(ctx, os.Getenv(childDirectory))
	if err != nil {
		return err
	}
	defer log.Close()
	for _, err := range log.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
	}
	return nil
}

// childRebuilds rebuilds, and prints how many events that were, how long it
// took to fill, the processor time of filling, how long all took, the most
// memory that this process had, in all and until it was filled, and the
// processor time of Redis for filling.
func childRebuilds(ctx context.Context) error {
	log, err := sqlitestore.OpenReadOnly(ctx, os.Getenv(childDirectory))
	if err != nil {
		return err
	}
	defer log.Close()
	store, err := redismodel.Connect(redismodel.Options{URL: os.Getenv(childRedis)})
	if err != nil {
		return err
	}
	defer store.Close()
	var peak atomic.Uint64
	var fillPeak uint64
	before, err := redistest.CPU(ctx, store.Client())
	if err != nil {
		return err
	}
	var redisFilling time.Duration
	defer watchMemory(&peak)()
	started, filling := time.Now(), time.Duration(0)
	result, err := Run(ctx, Options{
		Log: log, Store: store, Prefix: redismodel.DefaultPrefix, Gapless: true,
		Told: func(s Step) {
			if s.Stage == Comparing && filling == 0 {
				filling, fillPeak = spent(), peak.Load()
				redisFilling, _ = redistest.CPU(ctx, store.Client())
				if os.Getenv(childProfile) != "" && os.Getenv(childWhole) == "" {
					pprof.StopCPUProfile()
				}
			}
		},
	})
	if err == nil {
		fmt.Println(result.Events, result.Took.Nanoseconds(), filling.Nanoseconds(), time.Since(started).Nanoseconds(), peak.Load(), fillPeak, (redisFilling - before).Nanoseconds())
	}
	return err
}

// spent is the processor time of this process.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// watchMemory keeps the largest amount of memory of this process that is not
// the page cache's, which a mapped log is.
func watchMemory(peak *atomic.Uint64) (stop func()) {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			peak.Store(max(peak.Load(), anonymous()))
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

// anonymous is the memory of this process in bytes, without mapped files.
func anonymous() (bytes uint64) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			_, _ = fmt.Sscan(rest, &bytes)
		}
	}
	return bytes << 10
}
