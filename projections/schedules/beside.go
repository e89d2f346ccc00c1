package schedules

import (
	"context"
	"errors"
	"strings"
	"time"

	"daybook/projections"
	"daybook/projections/follow"
	"daybook/projections/rebuild"
	"daybook/projections/redismodel"

	"golang.org/x/sync/errgroup"
)

// killDaybook kills the server at a random moment of what it does under load,
// and starts it again.
func (s *schedule) killDaybook() {
	s.someWork()
	s.randomMoment()
	s.load.interrupt(func() string {
		s.daybook.Kill()
		return s.daybook.Start()
	})
}

// killBoth has the server start without Redis.
func (s *schedule) killBoth() {
	s.load.interrupt(func() string {
		s.daybook.Kill()
		s.redis.active.Kill()
		return s.daybook.Start()
	})
	s.someWork()
	s.redis.active.Restart()
}

// randomMoment lets a part of a batch go by, or of a rebuild.
func (s *schedule) randomMoment() {
	time.Sleep(time.Duration(s.random.IntN(60_000)) * time.Microsecond)
}

// background is what runs beside the steps.
type background struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // read after done
}

// beside begins work that the end of its context kills.
func beside(work func(context.Context) error) *background {
	ctx, cancel := context.WithCancel(context.Background())
	b := &background{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(b.done)
		b.err = work(ctx)
	}()
	return b
}

// kill ends the work and returns what it came to.
func (b *background) kill() error {
	b.cancel()
	return b.wait()
}

func (b *background) wait() error {
	<-b.done
	return b.err
}

// rebuildBeside begins a rebuild, beside one that runs already if so. It is
// waited for, or left to run.
func (s *schedule) rebuildBeside() {
	if s.rebuild != nil {
		s.endRebuild(s.either(2))
	}
	s.rebuild = beside(s.daybook.Rebuild)
	if s.either(3) {
		s.endRebuild(false)
	}
}

// killRebuild kills one that runs, or one that has begun a moment ago.
func (s *schedule) killRebuild() {
	if s.rebuild == nil {
		s.rebuild = beside(s.daybook.Rebuild)
		s.randomMoment()
	}
	s.endRebuild(true)
}

// endRebuild ends the rebuild that runs. It may fail, because of what else
// happens, but never find that it has filled its models wrongly.
func (s *schedule) endRebuild(kill bool) {
	s.t.Helper()
	end := s.rebuild.wait
	if kill {
		end = s.rebuild.kill
	}
	err := end()
	s.rebuild = nil
	s.note("  the rebuild ends: %v", err)
	if err != nil && strings.Contains(err.Error(), rebuild.ErrDiffers.Error()) {
		s.t.Errorf("a rebuild differs: %v", err)
	}
}

// projectBeside begins a second projector on the same Redis, or ends it.
func (s *schedule) projectBeside() {
	if s.second != nil {
		s.endSecond()
		return
	}
	s.second = beside(s.project)
	s.someWork()
}

func (s *schedule) endSecond() {
	s.t.Helper()
	err := s.second.kill()
	s.second = nil
	if err != nil && !errors.Is(err, context.Canceled) { // it may not have come far
		s.t.Errorf("the second projector ends: %v", err)
	}
}

// project projects the log as another process would.
func (s *schedule) project(ctx context.Context) (err error) {
	reader, err := s.daybook.OpenLog(ctx)
	if err != nil {
		return err
	}
	store, err := redismodel.Connect(redismodel.Options{URL: s.redis.URL()})
	if err != nil {
		return errors.Join(err, reader.Close())
	}
	log := watched{Reader: reader}
	group, ctx := errgroup.WithContext(ctx)
	for _, m := range projections.ReadModels() {
		group.Go(func() error {
			return follow.New(m.InRedis(store, redismodel.Live()), log, follow.Options{BatchSize: 50}).Run(ctx)
		})
	}
	return errors.Join(group.Wait(), store.Close(), reader.Close())
}

// switchGeneration makes another generation current: one that is empty, or
// the one before, as it was left.
func (s *schedule) switchGeneration() {
	store, err := redismodel.Connect(redismodel.Options{URL: "redis://" + s.redis.active.Address})
	s.redis.must(err)
	defer store.Close()
	ctx := context.Background()
	from, err := store.Current(ctx)
	s.redis.must(err)
	all, err := store.Generations(ctx)
	s.redis.must(err)
	to := from + 1
	if len(all) > 0 {
		to = max(to, all[len(all)-1]+1)
	}
	switch {
	case s.rebuild != nil:
		to++ // beyond what it fills
	case from > 1 && s.either(2) && readable(ctx, store, from-1):
		to = from - 1
	}
	if err := store.Switch(ctx, from, to); err != nil && !errors.Is(err, redismodel.ErrSwitched) {
		s.t.Fatal(err)
	}
	s.note("  from %s to %s", from, to)
	s.someWork()
}

// readable reports whether a generation is not one whose filling was killed.
func readable(ctx context.Context, store *redismodel.Store, g redismodel.Generation) bool {
	for _, name := range []string{"balances", "orders"} {
		if _, err := store.Checkpoint(ctx, g, name); err != nil {
			return false
		}
	}
	return true
}

// endBackground ends what runs beside.
func (s *schedule) endBackground() {
	s.t.Helper()
	if s.rebuild != nil {
		s.endRebuild(true)
	}
	if s.second != nil {
		s.endSecond()
	}
}
