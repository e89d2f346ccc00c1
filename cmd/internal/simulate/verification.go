package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
)

// Verification is what became of payments that were verified at Coinbase.
type Verification struct {
	Order       string // of a plan of one
	Open        int    // wait to be verified or linked
	Waiting     int    // wait in review
	Different   int    // orders that wait and must not, or the other way round
	Differences []string
	Asked       int64 // how often Coinbase was asked
	Advice      string

	position uint64
}

// Worklists are read this often, and for a fifth of the time at most: long ones cost the
// server work.
const (
	pollEvery = 500 * time.Millisecond
	pollShare = 4
)

// settleTries bounds how often review is read until it is as it must be, once nothing
// waits to be verified: its last items may be younger than that answer.
const settleTries = 10

// verification waits until nothing of the plan waits for a process, and judges what
// waits for a person.
func (s *Simulation) verification(ctx context.Context, c *client, t *tally) (v Verification, err error) {
	plan, ok := s.Plan.(*Checkouts)
	if !ok {
		return v, errors.New("the plan has no checkouts")
	}
	if len(plan.ids) == 1 {
		v.Order = plan.first()
	}
	if v.Open, err = s.awaitVerified(ctx, c, plan, t.position); err != nil {
		return v, err
	}
	for range settleTries {
		items, position, err := c.worklist(ctx, "review", t.position)
		if err != nil {
			return v, err
		}
		v.position = position
		v.compare(plan, items, t.standing)
		if v.Different == 0 || v.Open > 0 {
			break
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return v, err
		}
	}
	v.Asked = s.Coinbase.asked.Load()
	if t.counts.Outcomes["recorded"] > 0 { // else Coinbase may have been asked in an earlier run
		v.Advice = s.Coinbase.advice()
	}
	return v, nil
}

// awaitVerified returns how many payments and orders of the plan still wait for a
// process when their number has not changed for the patience.
func (s *Simulation) awaitVerified(ctx context.Context, c *client, plan *Checkouts, acknowledged uint64) (int, error) {
	own := plan.streams()
	last, changed := -1, time.Now()
	for {
		began, open := time.Now(), 0
		for _, list := range []string{"verification", "linking"} {
			items, _, err := c.worklist(ctx, list, acknowledged)
			if err != nil {
				return 0, err
			}
			for _, i := range items {
				if _, ours := own[i.Stream]; ours {
					open++
				}
			}
		}
		if open != last {
			last, changed = open, time.Now()
			if s.Waiting != nil && open > 0 {
				s.Waiting(open)
			}
		}
		if open == 0 || time.Since(changed) > s.Patience {
			return open, nil
		}
		if err := sleep(ctx, max(pollEvery, pollShare*time.Since(began))); err != nil {
			return 0, err
		}
	}
}

// first names the first order and its terms.
func (c *Checkouts) first() string {
	o, _ := c.checkoutOrder(0)
	return fmt.Sprintf("checkout.%s of %s, %s %s", c.ids[0], c.User(o.user), decimal(o.cents), o.currency)
}

// streams returns the streams of the orders sent so far.
func (c *Checkouts) streams() map[string]int {
	streams := make(map[string]int, 2*len(c.ids))
	for number, id := range c.ids {
		streams["order-checkout."+id] = number
		streams["order-site."+c.reference(number)] = number
	}
	return streams
}

// compare looks for every order whose standing is sure: it waits in review for its
// reason, or not at all.
func (v *Verification) compare(c *Checkouts, items []item, standing func(int) Standing) {
	own, reasons := c.streams(), map[int][]string{}
	v.Waiting, v.Different, v.Differences = 0, 0, nil
	for _, i := range items {
		if number, ours := own[i.Stream]; ours {
			v.Waiting++
			reasons[number] = append(reasons[number], i.Reason)
		}
	}
	for number, id := range c.ids {
		if standing(number) != Acknowledged {
			continue
		}
		o, _ := c.checkoutOrder(number)
		var want []string
		if reason := o.reason(); reason != "" {
			want = []string{reason}
		}
		if slices.Equal(reasons[number], want) {
			continue
		}
		v.Different++
		if len(v.Differences) < maxListed {
			v.Differences = append(v.Differences, fmt.Sprintf("checkout.%s waits in review for %s and must wait for %s", id, list(reasons[number]), list(want)))
		}
	}
}

func (v *Verification) err() error {
	var problems []error
	if v.Open > 0 {
		problems = append(problems, fmt.Errorf("%d payments still wait to be verified. Look at the server's log and at /verification", v.Open))
	}
	if v.Different > 0 {
		problems = append(problems, fmt.Errorf("%d orders do not wait in review as they must", v.Different))
	}
	if v.Advice != "" {
		problems = append(problems, errors.New(v.Advice))
	}
	return errors.Join(problems...)
}

func (v *Verification) review() string {
	switch {
	case v.Different > 0:
		return fmt.Sprintf("WRONG: %d orders do not wait as they must, %d wait", v.Different, v.Waiting)
	case v.Open > 0:
		return fmt.Sprintf("%d payments still wait to be verified", v.Open)
	}
	return fmt.Sprintf("exact: %s mispayments and contradictions wait, and nothing else", humanize.Comma(int64(v.Waiting)))
}

func (v *Verification) coinbase() string {
	return fmt.Sprintf("asked %s times", humanize.Comma(v.Asked))
}
