package schedules

// step is something that happens. It returns when it is over, except for what
// runs beside the steps that follow.
type step struct {
	name   string
	weight int // how often it is drawn beside the others
	do     func(*schedule)
}

// steps are all that can happen.
var steps = []step{
	{"work", 3, func(s *schedule) { s.load.await(1 + s.random.IntN(60)) }},
	{"redis is killed", 3, (*schedule).killRedis},
	{"redis is paused", 2, (*schedule).pauseRedis},
	{"redis is flushed", 3, (*schedule).flushRedis},
	{"a checkpoint is lost", 1, (*schedule).loseCheckpoint},
	{"redis is backed up", 2, (*schedule).backUpRedis},
	{"an older copy of redis is restored", 3, (*schedule).restoreRedis},
	{"a replica follows", 2, (*schedule).follow},
	{"a replica is cut off", 1, (*schedule).detach},
	{"a replica takes over", 3, (*schedule).failOver},
	{"redis may evict", 1, (*schedule).evict},
	{"redis is full", 2, (*schedule).fillUp},
	{"the scripts are flushed", 1, (*schedule).flushScripts},
	{"answers of redis are lost", 3, (*schedule).loseAnswers},
	{"connections to redis are cut", 1, func(s *schedule) { s.redis.Proxy.Cut() }},
	{"redis takes no connections", 1, (*schedule).refuseConnections},
	{"daybook is killed", 3, (*schedule).killDaybook},
	{"daybook and redis are killed", 1, (*schedule).killBoth},
	{"a second projector", 2, (*schedule).projectBeside},
	{"rebuild", 3, (*schedule).rebuildBeside},
	{"rebuild is killed", 2, (*schedule).killRebuild},
	{"the generation is switched", 2, (*schedule).switchGeneration},
}

// The number of steps in a schedule.
const (
	fewest = 3
	most   = 8
)

// plan draws the steps.
func (s *schedule) plan() []step {
	all := 0
	for _, step := range steps {
		all += step.weight
	}
	drawn := make([]step, fewest+s.random.IntN(most-fewest+1))
	for i := range drawn {
		n := s.random.IntN(all)
		for _, step := range steps {
			if n -= step.weight; n < 0 {
				drawn[i] = step
				break
			}
		}
	}
	return drawn
}
