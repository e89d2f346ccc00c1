package process_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v5"

	"daybook/domain/quarantine"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/process"
	"daybook/projections/projectiontest"
)

// list is a model with kept bodies, which a test closes as it likes.
type list struct {
	*local.Model
	t    *testing.T
	last follow.Checkpoint
	keys map[string]string // of items, by digest
}

func open(t *testing.T, digests ...string) *list {
	t.Helper()
	l := &list{Model: local.New(t.TempDir(), projectiontest.Slice{}, slog.New(slog.DiscardHandler)), t: t, keys: make(map[string]string)}
	if _, err := l.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, digest := range digests {
		l.keys[digest] = l.add(digest, 0, quarantine.CallbackQuarantined{Format: "f", Reason: quarantine.Incomplete, Digest: digest})
	}
	return l
}

func (l *list) add(digest string, revision eventstore.Revision, event quarantine.Event) string {
	l.t.Helper()
	stream := eventstore.StreamName(quarantine.ID(digest).Stream())
	encoded, err := projectiontest.Encode(stream, event)
	if err != nil {
		l.t.Fatal(err)
	}
	e := eventstore.Recorded{Event: encoded[0], Stream: stream, Revision: revision, Position: l.last.Position + 1, RecordedAt: time.Now()}
	to := follow.Checkpoint{LogID: "L", Fold: 1, Position: e.Position}
	if err := l.Apply(context.Background(), l.last, to, []eventstore.Recorded{e}); err != nil {
		l.t.Fatal(err)
	}
	l.last = to
	return e.ID.String()
}

func (l *list) closes(digest string) {
	l.t.Helper()
	l.add(digest, 1, quarantine.CallbackRedriven{Task: l.keys[digest], Reader: 2, Outcome: "recorded"})
}

// tries are when each body was tried.
type tries struct {
	mu    sync.Mutex
	began time.Time
	at    map[string][]time.Duration
	most  int // at one time
	now   int
}

func (r *tries) note(digest string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at[digest] = append(r.at[digest], time.Since(r.began))
	r.now++
	r.most = max(r.most, r.now)
}

func (r *tries) left() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now--
}

// run runs a process on a clock that moves when everything waits.
func run(t *testing.T, l *list, atOnce int, lasting time.Duration, do func(ctx context.Context, digest string) error) (*tries, process.Status) {
	t.Helper()
	made := &tries{began: time.Now(), at: make(map[string][]time.Duration)}
	digests := make(map[string]string)
	for digest, key := range l.keys {
		digests[key] = digest
	}
	r := process.New(process.Process{
		Name: "p", List: local.Quarantine.Name, Due: func(local.Item) bool { return true }, Timeout: time.Minute, AtOnce: atOnce,
		Do: func(ctx context.Context, task local.Item) error {
			digest := digests[task.Key]
			made.note(digest)
			defer made.left()
			return do(ctx, digest)
		},
	}, l, process.Options{Logger: slog.New(slog.DiscardHandler), Every: 100 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), lasting)
	defer cancel()
	r.Run(ctx)
	return made, r.Status()
}

func TestOneTasksTroubleClosesNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, "ill", "well", "later")
		made, status := run(t, l, 2, time.Hour, func(_ context.Context, digest string) error {
			switch digest {
			case "ill":
				return errors.New("it fails")
			case "later":
				return fmt.Errorf("asked: %w", backoff.RetryAfter(1200))
			}
			l.closes(digest)
			return nil
		})
		if n := len(made.at["well"]); n != 1 || made.at["well"][0] > 5*time.Second {
			t.Errorf("what is well was tried %v", made.at["well"])
		}
		ill := made.at["ill"]
		if len(ill) < 8 || len(ill) > 25 {
			t.Fatalf("what fails was tried %v", ill)
		}
		if first, last := ill[1]-ill[0], ill[len(ill)-1]-ill[len(ill)-2]; first > 3*time.Second || last < 4*time.Minute {
			t.Errorf("the first delay is %s, the last %s", first, last)
		}
		if later := made.at["later"]; len(later) != 3 || later[1]-later[0] < 20*time.Minute {
			t.Errorf("what asks for 20 minutes was tried %v", later)
		}
		if status.Due != 2 || status.Running != 0 || status.Done != 1 || status.Oldest.IsZero() || status.Failed != uint64(len(ill)+3) {
			t.Errorf("%+v", status)
		}
	})
}

func TestATaskIsClosedByItsEventAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, "a")
		made, _ := run(t, l, 1, time.Minute, func(context.Context, string) error { return nil })
		if n := len(made.at["a"]); n < 4 || n > 7 {
			t.Errorf("it returned without an event, and was tried %d times in a minute", n)
		}
	})
}

func TestAClosedTaskIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, "a", "b")
		made, _ := run(t, l, 1, time.Minute, func(ctx context.Context, digest string) error {
			for _, other := range []string{"a", "b"} { // while the other waits for room
				if _, open, err := l.Item(ctx, "quarantine", l.keys[other]); err != nil {
					return err
				} else if open {
					l.closes(other)
				}
			}
			return nil
		})
		if len(made.at["a"])+len(made.at["b"]) != 1 {
			t.Errorf("%v", made.at)
		}
	})
}

func TestNoMoreRunThanThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, "a", "b", "c", "d", "e", "f", "g")
		made, status := run(t, l, 3, 50*time.Second, func(ctx context.Context, _ string) error {
			<-ctx.Done() // an endpoint that does not answer
			return ctx.Err()
		})
		if made.most != 3 || status.Running != 0 {
			t.Errorf("%d at one time, %d in the end", made.most, status.Running)
		}
	})
}

func TestListsThatMayNotBeReadAreNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, "a")
		r := process.New(process.Process{
			Name: "p", List: local.Quarantine.Name, Due: func(local.Item) bool { t.Error("it was read"); return false },
		}, l, process.Options{Logger: slog.New(slog.DiscardHandler), Ready: func() error { return errors.New("it is folded again") }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r.Run(ctx)
	})
}
