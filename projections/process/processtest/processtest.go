// Package processtest is the suite of processes: whatever happens to one, its tasks
// are done once, and verify finds nothing.
package processtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/ledger"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/process"
	"daybook/projections/verify"
)

// Case is a process, and what happens beside it.
type Case struct {
	// Steps write to the log what makes tasks, and what else happens to the same
	// payments. They may come in any order.
	Steps []func(t testing.TB, log eventstore.Store)

	// Process makes the process on a log.
	Process func(log eventstore.Store) process.Process

	// Says is what the log says in the end. It is the same whatever happened to the
	// process, if the steps came in their order.
	Says func(t testing.TB, log eventstore.Store) string

	// Holds fails if something is not as it must be after steps in any order.
	Holds func(t testing.TB, log eventstore.Store)

	Readers map[string]verify.Reader
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	want := ""
	t.Run("undisturbed", func(t *testing.T) {
		log := c.filled(t)
		if err := c.drive(t, log, log); err != nil {
			t.Fatal(err)
		}
		want = c.settled(t, log)
	})
	for name, test := range map[string]func(*testing.T, string){
		"killed after every step":           c.testKilled,
		"lost answers":                      c.testLostAnswers,
		"two at once":                       c.testTwo,
		"an answer after a task was closed": c.testLate,
	} {
		t.Run(name, func(t *testing.T) { test(t, want) })
	}
	t.Run("events in any order", c.testAnyOrder)
}

// Idle checks that a step makes no task.
func Idle(t *testing.T, step func(testing.TB, eventstore.Store), of func(eventstore.Store) process.Process) {
	t.Helper()
	log := open(t)
	step(t, log)
	if tasks, err := newLists(t, log).due(t.Context(), of(log)); err != nil || len(tasks) > 0 {
		t.Errorf("%d tasks are due, error %v", len(tasks), err)
	}
}

// Open opens an empty log.
func Open(t testing.TB) *sqlitestore.Store { return open(t) }

// Drive does what is due in a log until nothing is, and returns the first error.
func Drive(t testing.TB, log eventstore.Store, of func(eventstore.Store) process.Process) error {
	return Case{Process: of}.drive(t, log, log)
}

// Each calls a function with each event of a log.
func Each(t testing.TB, log eventstore.Reader, each func(eventstore.StreamName, codec.Event)) {
	t.Helper()
	for e, err := range log.ReadAll(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		each(e.Stream, event)
	}
}

func open(t testing.TB) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// filled is a log in which all steps have been.
func (c Case) filled(t testing.TB) *sqlitestore.Store {
	t.Helper()
	log := open(t)
	for _, step := range c.Steps {
		step(t, log)
	}
	return log
}

// lists fold a log as a server does.
type lists struct {
	*local.Model
	log eventstore.Store
}

func newLists(t testing.TB, log eventstore.Store) lists {
	m := local.New(t.TempDir(), log, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return lists{m, log}
}

// catchUp folds what is new.
func (l lists) catchUp(ctx context.Context) error { return CatchUp(ctx, l.Model, l.log) }

// CatchUp folds what is new in a log.
func CatchUp(ctx context.Context, m *local.Model, log eventstore.Reader) error {
	from, err := m.Load(ctx)
	if err != nil {
		return err
	}
	for e, err := range log.ReadAll(ctx, from.Position) {
		if err != nil {
			return err
		}
		to := follow.Checkpoint{LogID: "L", Fold: m.FoldVersion(), Position: e.Position, EventID: e.ID, Stream: e.Stream, Revision: e.Revision}
		if err := m.Apply(ctx, from, to, []eventstore.Recorded{e}); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// due are the tasks that there are.
func (l lists) due(ctx context.Context, p process.Process) (tasks []local.Item, err error) {
	if err := l.catchUp(ctx); err != nil {
		return nil, err
	}
	page, err := l.Items(ctx, local.Query{List: p.List, Limit: local.MaxPage})
	for _, item := range page.Items {
		if p.Due(item) {
			tasks = append(tasks, item)
		}
	}
	return tasks, err
}

// drive does what is due in a log, writing to a way to it that may fail. It returns
// the first error, as if it had been killed there.
func (c Case) drive(t testing.TB, log, way eventstore.Store) error {
	p, l := c.Process(way), newLists(t, log)
	for range 10 {
		tasks, err := l.due(context.Background(), p)
		if len(tasks) == 0 || err != nil {
			return err
		}
		for _, task := range tasks {
			if err := p.Do(context.Background(), task); err != nil {
				return err
			}
		}
	}
	return errors.New("tasks stay due however often they are done")
}

// settled checks what is left, and returns what the log says.
func (c Case) settled(t testing.TB, log eventstore.Store) string {
	t.Helper()
	if tasks, err := newLists(t, log).due(context.Background(), c.Process(log)); err != nil || len(tasks) > 0 {
		t.Errorf("%d tasks are due in the end, error %v", len(tasks), err)
	}
	report, err := verify.Log(context.Background(), verify.LogOptions{Log: log, Gapless: true, Readers: c.Readers})
	if err != nil || report.Count+report.Evidence.Count > 0 || len(report.Evidence.Unread) > 0 {
		t.Errorf("verify finds %v %v, not read %v, error %v", report.Differences, report.Evidence.Differences, report.Evidence.Unread, err)
	}
	c.Holds(t, log)
	return c.Says(t, log)
}

// same finishes a process that was disturbed.
func (c Case) same(t *testing.T, log eventstore.Store, want, when string) {
	t.Helper()
	if err := c.drive(t, log, log); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if got := c.settled(t, log); got != want {
		t.Errorf("%s the log says\n%s\nwant\n%s", when, got, want)
	}
}

func (c Case) testKilled(t *testing.T, want string) {
	for steps := 0; ; steps++ {
		log := c.filled(t)
		err := c.drive(t, log, &cut{Store: log, steps: steps})
		c.same(t, log, want, fmt.Sprintf("killed after %d steps", steps))
		if err == nil {
			return
		}
	}
}

func (c Case) testLostAnswers(t *testing.T, want string) {
	for lost := 1; ; lost++ {
		log := c.filled(t)
		way := &cut{Store: log, steps: -1, lost: lost}
		err := c.drive(t, log, way)
		c.same(t, log, want, fmt.Sprintf("with answer %d lost", lost))
		if err == nil {
			return
		}
	}
}

func (c Case) testTwo(t *testing.T, _ string) {
	log := c.filled(t)
	faults := make([]error, 2)
	var both sync.WaitGroup
	for i := range faults {
		both.Go(func() { faults[i] = c.drive(t, log, log) })
	}
	both.Wait()
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
	c.settled(t, log)
}

func (c Case) testLate(t *testing.T, want string) {
	log := c.filled(t)
	p := c.Process(log)
	tasks, err := newLists(t, log).due(t.Context(), p)
	if err != nil || len(tasks) == 0 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	c.same(t, log, want, "before the late answers")
	before, _ := log.Tail()
	for _, task := range tasks {
		if err := p.Do(t.Context(), task); err != nil {
			t.Error(err)
		}
	}
	if after, _ := log.Tail(); after != before {
		t.Errorf("late answers appended %d events", after-before)
	}
}

func (c Case) testAnyOrder(t *testing.T) {
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		if runs++; runs > 40 || testing.Short() && runs > 10 {
			return
		}
		log := open(t)
		for _, i := range rapid.Permutation(indexes(len(c.Steps))).Draw(r, "order") {
			c.Steps[i](t, log)
			if rapid.Bool().Draw(r, "run") {
				if err := c.drive(t, log, log); err != nil {
					r.Fatal(err)
				}
			}
		}
		if err := c.drive(t, log, log); err != nil {
			r.Fatal(err)
		}
		c.settled(t, log)
	})
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
