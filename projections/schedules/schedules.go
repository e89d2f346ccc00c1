// Package schedules puts a running daybook and its Redis through random
// sequences of faults, under load, and proves the read model after each.
//
// A seed decides which faults come in which order and how long each lasts,
// counted in callbacks that are acknowledged meanwhile. What happens at the
// same time is left to the machine, so that a seed repeats a schedule, and not
// every moment of it.
package schedules

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"daybook/eventstore"
)

// Daybook is what is put through the faults: a log with a server that keeps
// its read models in a Redis.
type Daybook interface {
	// Start starts the server. It returns where it listens as soon as it does.
	Start() (address string)

	// Kill ends the server in the middle of whatever it does.
	Kill()

	// Said returns what the server has logged since it was started, failures
	// that are logged at debug included.
	Said() string

	// OpenLog opens the log as another process would.
	OpenLog(ctx context.Context) (Log, error)

	// Rebuild rebuilds the read models beside the server. The end of ctx kills
	// it.
	Rebuild(ctx context.Context) error

	// Verify compares the read models with the log. The error lists what
	// differs.
	Verify(ctx context.Context) error
}

// Log is a log that is read beside the one that writes it.
type Log interface {
	eventstore.Reader
	Close() error
}

// Run runs one schedule. The log of the daybook and the Redis are empty.
func Run(t *testing.T, seed uint64, daybook Daybook, redis *Redis) {
	t.Helper()
	s := &schedule{
		t: t, daybook: daybook, redis: redis,
		random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
	}
	s.note("%s=%d, %s", SeedVariable, seed, redis)
	s.load = startLoad(t, seed, daybook.Start())
	defer s.load.stop()
	defer s.endBackground()
	for i, step := range s.plan() {
		s.random = rand.New(rand.NewPCG(seed, uint64(i+1)))
		s.note("%s", step.name)
		step.do(s)
		if t.Failed() {
			return
		}
	}
	s.prove()
}

// schedule is one that runs.
type schedule struct {
	t       *testing.T
	daybook Daybook
	redis   *Redis
	random  *rand.Rand // of the step
	load    *load
	began   time.Time

	// What runs beside, until it is ended; nil if nothing does.
	rebuild, second *background
}

// note is printed with the test if it fails.
func (s *schedule) note(format string, arguments ...any) {
	s.t.Helper()
	s.t.Logf("%6s %s", time.Since(s.began).Round(time.Millisecond), fmt.Sprintf(format, arguments...))
}

// someWork waits until a random number of callbacks has been acknowledged,
// perhaps none.
func (s *schedule) someWork() {
	s.t.Helper()
	s.load.await(s.random.IntN(20))
}

// either reports one in n.
func (s *schedule) either(n int) bool { return s.random.IntN(n) == 0 }

// said waits until the server logs a part once more than it had.
func (s *schedule) said(part string, before int) {
	s.t.Helper()
	s.until(fmt.Sprintf("the server says %q", part), func() bool { return strings.Count(s.daybook.Said(), part) > before })
}

// patience bounds waiting for what takes moments.
const patience = 30 * time.Second

// until waits for a condition.
func (s *schedule) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not within %s: %s. It says\n%s", patience, what, s.daybook.Said())
		}
	}
}
