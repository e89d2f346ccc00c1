package main_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/schedules"
)

// realSchedules is how many random schedules run on the binary. Package
// schedules runs many more on the same parts in one process.
const realSchedules = 10

// TestRandomSchedulesOnTheBinary puts the program through random faults of
// itself and of Redis: each process that is killed is one of its own.
// DAYBOOK_SCHEDULE_SEED repeats one schedule.
func TestRandomSchedulesOnTheBinary(t *testing.T) {
	t.Parallel()
	servers := []*schedules.Redis{schedules.StartRedis(t, false), schedules.StartRedis(t, true)}
	for _, seed := range schedules.Seeds(t, realSchedules) {
		schedules.Prove(t, seed, func(t *testing.T) {
			redis := servers[seed%2]
			redis.Reset(t)
			s := newScheduled(t, redis.URL())
			schedules.Run(t, seed, s, redis)
		})
	}
}

// scheduled is the program under random faults.
type scheduled struct {
	t       *testing.T
	program string
	data    string
	redis   string
	server  *server
}

func newScheduled(t *testing.T, redis string) *scheduled {
	return &scheduled{t: t, program: daybook(t), data: filepath.Join(t.TempDir(), "data"), redis: redis}
}

func (s *scheduled) Start() string {
	s.t.Helper()
	s.server = listen(s.t, options{data: s.data, arguments: []string{"--log-level", "debug"}, settings: []string{
		"DAYBOOK_CALLBACK_SECRETS=" + schedules.Secret, "DAYBOOK_TOKENS=website:shop:" + schedules.Token, "DAYBOOK_REDIS=" + s.redis,
	}})
	return s.server.address
}

func (s *scheduled) OpenLog(ctx context.Context) (schedules.Log, error) {
	if eventstoreURL != "" {
		return eventstoredb.Open(eventstoredb.Options{URL: eventstoreURL, Namespace: logName(s.data), ReadOnly: true})
	}
	return sqlitestore.OpenReadOnly(ctx, s.data)
}

func (s *scheduled) Kill() { s.server.kill() }

func (s *scheduled) Said() string { return s.server.stderr.String() }

func (s *scheduled) Rebuild(ctx context.Context) error {
	return s.command(ctx, "rebuild", "--grace", "0s")
}

func (s *scheduled) Verify(ctx context.Context) error { return s.command(ctx, "verify") }

// command runs a command of the program, which the end of ctx kills.
func (s *scheduled) command(ctx context.Context, name string, more ...string) error {
	command := exec.CommandContext(ctx, s.program, append([]string{name, "--data", s.data, "--redis", s.redis}, more...)...)
	command.Env = eventstoreSettings(s.data)
	if printed, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("daybook %s: %w: %s", name, err, printed)
	}
	return nil
}
