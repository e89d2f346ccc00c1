// Package simulate acts as Coinbase against a running server. It draws a plan
// of callbacks from a seed, sends them with all that happens to callbacks in
// practice, and judges whether every user has exactly what was paid. It knows the
// program by its HTTP interface alone.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Simulation is one run of a plan against a server.
type Simulation struct {
	Plan        Plan
	Target      Target
	Connections int
	Speed       float64 // how much faster than Coinbase's clock the schedule of repetitions runs

	// Watch is called when sending begins, with a function that tells how far
	// it has got. What it returns is called when sending ends. It may be nil.
	Watch func(progress func() Counts) (stop func())
}

// MaxConnections bounds the connections of one run.
const MaxConnections = 10_000

// Report is what a run came to.
type Report struct {
	Settings  Settings
	Counts    Counts
	Took      time.Duration // sending
	Latencies Latencies
	Paid      map[string]Range // to all users, by currency
	Judgement *Judgement       // nil if balances could not be read
	Surprises []string         // answers that contradict the plan
	Stopped   error            // why not everything was sent
	Unjudged  error            // why balances could not be read
}

// judgeTimeout bounds the judgement, also after an interruption.
const judgeTimeout = 10 * time.Minute

// Run sends and judges. When ctx ends it finishes the orders that were begun
// and judges what was done so far. An error says that nothing was done; all
// else is in the report.
func (s *Simulation) Run(ctx context.Context) (Report, error) {
	if s.Connections < 1 || s.Connections > MaxConnections {
		return Report{}, fmt.Errorf("connections must be 1 to %d", MaxConnections)
	}
	if !(s.Speed >= 1) {
		return Report{}, errors.New("speed must be at least 1, which is Coinbase's own")
	}
	c := newClient(s.Target, s.Connections)
	defer c.close()
	if err := c.preflight(ctx, s.Plan.User(0)); err != nil {
		return Report{}, err
	}
	t := newTally(s.Plan.settings.Orders)
	report := Report{Settings: s.Plan.settings}
	report.Took, report.Stopped = s.post(ctx, c, t)

	expected := s.Plan.Expected(t.standing)
	judging, cancel := context.WithTimeout(context.WithoutCancel(ctx), judgeTimeout)
	defer cancel()
	judgement, err := Judge(judging, s.Target, expected, t.position)
	if err != nil {
		report.Unjudged = err
	} else {
		judgement.Users-- // without the one whom only contradictions name
		report.Judgement = &judgement
	}
	report.Counts, report.Latencies, report.Surprises = t.counts, t.latencies, t.surprises
	report.Paid = sums(expected)
	return report, nil
}

func (s *Simulation) post(ctx context.Context, c *client, t *tally) (time.Duration, error) {
	if s.Watch != nil {
		defer s.Watch(t.snapshot)()
	}
	began := time.Now()
	err := s.postAll(ctx, c, t)
	return time.Since(began), err
}

// Err returns what is wrong, in one line, or nil if everything was sent and
// everybody has exactly what was paid.
func (r Report) Err() error {
	var problems []error
	if r.Stopped != nil {
		problems = append(problems, fmt.Errorf("%d of %d orders were sent: %w", r.Counts.Orders, r.Settings.Orders, r.Stopped))
	}
	if r.Unjudged != nil {
		problems = append(problems, fmt.Errorf("the balances are not judged: %w", r.Unjudged))
	}
	if r.Judgement != nil && r.Judgement.Different > 0 {
		problems = append(problems, fmt.Errorf("%d of %d users do not have what was paid", r.Judgement.Different, r.Judgement.Users))
	}
	if len(r.Surprises) > 0 {
		problems = append(problems, errors.New("contradictions were not held"))
	}
	return errors.Join(problems...)
}
