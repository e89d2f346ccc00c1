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
	Plan        Script
	Target      Target
	Coinbase    *Coinbase // that answers for checkouts; nil for the merchant API
	Connections int
	Speed       float64 // how much faster than Coinbase's clock the schedule of repetitions runs

	// Watch is called when sending begins, with a function that tells how far
	// it has got. What it returns is called when sending ends. It may be nil.
	Watch func(progress func() Counts) (stop func())

	// Patience is how long the number of payments that wait to be verified may stay
	// the same. Waiting is called with each number. Of checkouts alone.
	Patience time.Duration
	Waiting  func(payments int)
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
	Checkouts *Verification    // of checkouts alone; nil if worklists could not be read
	Surprises []string         // answers that contradict the plan
	Stopped   error            // why not everything was sent
	Unjudged  error            // why balances could not be read
}

// judgeTimeout bounds the judgement of balances, also after an interruption.
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
	preflight := c.preflight
	if s.Coinbase != nil {
		preflight = c.preflightCheckouts
	}
	if err := preflight(ctx, s.Plan.User(0)); err != nil {
		return Report{}, err
	}
	settings := s.Plan.Settings()
	t := newTally(settings.Orders, s.Coinbase != nil)
	report := Report{Settings: settings}
	report.Took, report.Stopped = s.post(ctx, c, t)

	report.Unjudged = s.judge(context.WithoutCancel(ctx), c, t, &report)
	report.Counts, report.Latencies, report.Surprises = t.counts, t.latencies, t.surprises
	return report, nil
}

// judge fills in what users have and what waits.
func (s *Simulation) judge(ctx context.Context, c *client, t *tally, report *Report) error {
	position := t.position
	if s.Coinbase != nil {
		verified, err := s.verification(ctx, c, t)
		if err != nil {
			return err
		}
		report.Checkouts, position = &verified, max(position, verified.position)
	}
	ctx, cancel := context.WithTimeout(ctx, judgeTimeout)
	defer cancel()
	expected := s.Plan.Expected(t.standing)
	report.Paid = sums(expected)
	judgement, err := Judge(ctx, s.Target, expected, position)
	if err != nil {
		return err
	}
	judgement.Users-- // without the one whom only contradictions name
	report.Judgement = &judgement
	return nil
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
	if r.Checkouts != nil {
		problems = append(problems, r.Checkouts.err())
	}
	if len(r.Surprises) > 0 {
		problems = append(problems, errors.New("contradictions were not held"))
	}
	return errors.Join(problems...)
}
