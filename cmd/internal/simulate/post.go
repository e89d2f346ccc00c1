package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// grace is how long orders that were begun are finished after an interruption.
const grace = 10 * time.Second

// errInterrupted says that the run was asked to stop.
var errInterrupted = errors.New("interrupted")

// postAll sends the chains of a plan from a number of connections until they
// are all acknowledged. It stops early when ctx ends, when the server refuses,
// and when a callback is given up: then no order is begun any more, and those
// that were are finished.
func (s *Simulation) postAll(ctx context.Context, c *client, t *tally) error {
	posting, taking := errgroup.WithContext(ctx)
	finishing, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()
	defer context.AfterFunc(taking, func() { time.AfterFunc(grace, abandon) })()

	chains := make(chan Chain)
	posting.Go(func() error {
		defer close(chains)
		for chain := range s.Plan.Chains() {
			select {
			case chains <- chain:
			case <-taking.Done():
				return errInterrupted
			}
		}
		return nil
	})
	for range s.Connections {
		posting.Go(func() error {
			for chain := range chains {
				if err := s.postChain(finishing, c, t, chain); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return posting.Wait()
}

func (s *Simulation) postChain(ctx context.Context, c *client, t *tally, chain Chain) error {
	for _, d := range chain.Deliveries {
		if err := s.deliver(ctx, c, t, d); err != nil {
			return err
		}
	}
	t.finishes(chain)
	return nil
}

// deliver sends one callback until it is acknowledged, as Coinbase does.
func (s *Simulation) deliver(ctx context.Context, c *client, t *tally, d Delivery) error {
	var last error
	for try := 0; ; try++ {
		loss := Kept
		if try < len(d.Losses) {
			loss = d.Losses[try]
		}
		t.sends(d)
		a, err := c.post(ctx, d, loss)
		switch {
		case ctx.Err() != nil:
			return errInterrupted
		case loss == Cut && (err != nil || a.status == http.StatusOK):
			t.loses(Cut, 0)
		case err == nil && a.status == http.StatusOK && loss == Thrown:
			t.loses(Thrown, a.took)
		case err == nil && a.status == http.StatusOK:
			t.acknowledges(d, a)
			return nil
		case err == nil && !isTransient(a.status):
			err = d.refused(a)
			t.fails(err)
			return err
		default:
			last = failed(a, err)
			t.fails(last)
		}
		if try == Retries {
			return fmt.Errorf("a callback was not acknowledged in %d tries, at last because %w: Coinbase gives it up now, after 16 days. Look at the server's log", try+1, last)
		}
		if sleep(ctx, Delay(try, s.Speed)) != nil {
			return errInterrupted
		}
	}
}

// refused says why a delivery is not taken.
func (d Delivery) refused(a answer) error {
	switch {
	case d.Webhook != "":
		return fmt.Errorf("a webhook is answered %w", refusedWebhook(a))
	case d.Registers != "":
		return fmt.Errorf("the registration of %s is answered %w", d.Registers, refusedToken(a))
	}
	return fmt.Errorf("a callback is answered %w", refusedCallback(a))
}

// failed names what Coinbase answers with another try.
func failed(a answer, err error) error {
	if err != nil {
		return fmt.Errorf("the connection failed: %w", err)
	}
	return fmt.Errorf("the answer was %d %s", a.status, http.StatusText(a.status))
}
