package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// senders is how many say everything at the same time.
const senders = 16

// TestRacingSendersCreditOnce has all that is said come from many at once, in any order:
// callbacks, registrations, links and the provider's answers.
func TestRacingSendersCreditOnce(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(scenes(), disagreements()) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			runs, most := 0, 6
			if testing.Short() {
				most = 2
			}
			rapid.Check(t, func(r *rapid.T) {
				if runs++; runs > most {
					return
				}
				s.race(t, rapid.SliceOfN(rapid.Permutation(s.everything()), senders, senders).Draw(r, "orders"))
			})
		})
	}
}

func (s scene) race(t *testing.T, orders [][]message) {
	t.Helper()
	log := sqlitetest.New(t)
	defer log.Close()
	service := recorder.New(log, s.policy)
	start := make(chan struct{})
	var sending sync.WaitGroup
	for _, messages := range orders {
		sending.Go(func() {
			<-start
			for _, m := range messages {
				if err := insist(t.Context(), service, m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	close(start)
	sending.Wait()
	s.live(t, openLookup(t, log), log, nil)
	s.same(t, log, "after a race")
}

// insist sends a message until it is answered.
func insist(ctx context.Context, r *recorder.Recorder, m message) (err error) {
	for range 20 {
		if err = m(ctx, r); !errors.Is(err, eventstore.ErrConflict) && !errors.Is(err, eventstore.ErrUnavailable) {
			return err
		}
	}
	return err
}

// interrupted is a way to a log on which others get ahead before a step of its user.
type interrupted struct {
	eventstore.Store
	steps int // before that one
	by    func()
}

func (i *interrupted) step() {
	if i.steps--; i.steps == -1 {
		i.by()
	}
}

func (i *interrupted) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	i.step()
	return i.Store.Read(ctx, stream, from, include...)
}

func (i *interrupted) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	i.step()
	return i.Store.Append(ctx, stream, expected, events...)
}

// TestWhatGetsAheadBetweenTwoStepsCreditsOnce has each message overtaken by all that
// comes after it, before each read and each append that it makes: a callback by the
// registration and the link of its order, a link by another callback.
func TestWhatGetsAheadBetweenTwoStepsCreditsOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	t.Parallel()
	for _, s := range slices.Concat(scenes(), disagreements()) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			all := s.everything()
			for i := range s.messages {
				for steps, isInterrupted := 0, true; isInterrupted; steps++ {
					isInterrupted = s.interrupt(t, all, i, steps)
				}
			}
		})
	}
}

// interrupt reports whether the i-th message has made so many steps and another one.
func (s scene) interrupt(t *testing.T, all []message, i, steps int) bool {
	t.Helper()
	when := fmt.Sprintf("message %d is overtaken after %d steps", i, steps)
	log := sqlitetest.New(t)
	defer log.Close()
	send := func(r *recorder.Recorder, messages ...message) {
		for _, m := range messages {
			if err := insist(t.Context(), r, m); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
		}
	}
	others := recorder.New(log, s.policy)
	send(others, all[:i]...)
	way := &interrupted{Store: log, steps: steps, by: func() { send(others, all[i+1:]...) }}
	send(recorder.New(way, s.policy), all[i])
	isInterrupted := way.steps < 0
	if !isInterrupted {
		send(others, all[i+1:]...)
	}
	s.live(t, openLookup(t, log), log, nil)
	s.same(t, log, when)
	return isInterrupted
}
