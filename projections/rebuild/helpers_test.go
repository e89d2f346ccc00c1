package rebuild

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"daybook/projections"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
	"daybook/projections/verify"
)

func TestMain(m *testing.M) {
	if os.Getenv(childMode) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

// world is a log with a writer, and a Redis.
type world struct {
	*projectiontest.Log
	server *redistest.Server
}

const users = 50

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Log: projectiontest.NewLog(t), server: redistest.Start(t)}
	w.Users = users
	return w
}

func (w *world) store(t *testing.T) *redismodel.Store {
	t.Helper()
	return redistest.Connect(t, redismodel.Options{URL: w.server.URL()})
}

func (w *world) options(t *testing.T) Options {
	return Options{Log: w.Log, Store: w.store(t), Prefix: redismodel.DefaultPrefix, Gapless: true}
}

// rebuild runs a rebuild to its end.
func (w *world) rebuild(t *testing.T, options Options) Result {
	t.Helper()
	result, err := Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// live runs the projections of a server until the test ends. What it returns waits
// until they have applied all of the log.
func (w *world) live(t *testing.T) (await func()) {
	t.Helper()
	store := w.store(t)
	var running []*projectiontest.Running
	for _, m := range projections.ReadModels() {
		running = append(running, projectiontest.Follow(t, w.Log, m.InRedis(store, redismodel.Live()), follow.Options{}))
	}
	return func() {
		t.Helper()
		for _, r := range running {
			r.Await(w.Last())
		}
	}
}

// verified fails unless the current generation is what the log says, and
// returns the report.
func (w *world) verified(t *testing.T) verify.Report {
	t.Helper()
	return w.mustVerify(t, verify.Options{
		Log: w.Log, Client: w.store(t).Client(), Prefix: redismodel.DefaultPrefix, Gapless: true,
		Models: projections.Verified(),
	})
}

func (w *world) mustVerify(t *testing.T, options verify.Options) verify.Report {
	t.Helper()
	report, err := verify.Run(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Differences {
		t.Errorf("%s %s", d.Subject, d.Text)
	}
	return report
}

func (w *world) generations(t *testing.T) string {
	t.Helper()
	all, err := w.store(t).Generations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all)
}
