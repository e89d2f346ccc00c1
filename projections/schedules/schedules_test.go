package schedules_test

import (
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"daybook/projections/schedules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// workers run schedules at one time, each with servers of its own.
const workers = 2

// TestRandomSchedules puts daybook through random faults, in this process.
//
//	DAYBOOK_SCHEDULE_SEED=7 go test -run TestRandomSchedules -v ./projections/schedules
//
// repeats one schedule, and DAYBOOK_SCHEDULES=5000 runs more of them.
func TestRandomSchedules(t *testing.T) {
	seeds := schedules.Seeds(t, count)
	for worker := range min(workers, len(seeds)) {
		t.Run(fmt.Sprint("worker", worker), func(t *testing.T) {
			t.Parallel()
			servers := []*schedules.Redis{schedules.StartRedis(t, false), schedules.StartRedis(t, true)}
			for i := worker; i < len(seeds); i += workers {
				schedules.Prove(t, seeds[i], func(t *testing.T) {
					redis := servers[seeds[i]%2]
					redis.Reset(t)
					daybook := newLocal(t, redis.URL())
					defer daybook.Kill()
					schedules.Run(t, seeds[i], daybook, redis)
				})
			}
		})
	}
}
