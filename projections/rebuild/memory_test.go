package rebuild

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"daybook/projections/redismodel"
)

// TestFillingLeavesItsMemoryToTheComparison measures, when the comparison
// begins, what a rebuild has in memory: the buffers of filling, of which there
// are 33 MiB and more for any log, must be gone.
func TestFillingLeavesItsMemoryToTheComparison(t *testing.T) {
	w := newWorld(t)
	w.Pay(500)
	heap := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	const bound = 12 << 20
	before, comparing := heap(), uint64(0)
	options := w.options(t)
	options.Told = func(s Step) {
		if s.Stage == Comparing && comparing == 0 {
			comparing = heap()
		}
	}
	w.rebuild(t, options)
	if comparing == 0 || comparing > before+bound {
		t.Errorf("%d KiB were in use before and %d KiB when the comparison began", before>>10, comparing>>10)
	}
}

// TestAModelThatIsLostDuringTheComparisonIsComparedAgain deletes what was filled
// when the last order is compared. What is filled in its place, nobody has
// compared yet.
func TestAModelThatIsLostDuringTheComparisonIsComparedAgain(t *testing.T) {
	const paid = 50
	w := newWorld(t)
	w.Pay(paid)
	options := w.options(t)
	client := w.server.Client()
	stage, comparisons := Clearing, 0
	options.Told = func(s Step) {
		if s.Stage == Comparing && stage != Comparing {
			comparisons++
		}
		stage = s.Stage
		if comparisons == 1 && s.Text == "comparing orders" && s.Done == paid {
			keys, err := client.Keys(t.Context(), "{daybook}:2:*").Result()
			if err != nil || client.Del(t.Context(), keys...).Val() == 0 {
				t.Errorf("nothing is deleted: %v", err)
			}
		}
	}
	if _, err := Run(t.Context(), options); err != nil || comparisons != 2 {
		t.Errorf("compared %d times; error %v", comparisons, err)
	}
	w.verified(t)
}

// TestAModelThatIsLostBehindTheComparisonIsNotSwitchedTo takes Redis away when
// the filling goes on from what was compared, and brings it back empty.
func TestAModelThatIsLostBehindTheComparisonIsNotSwitchedTo(t *testing.T) {
	w := newWorld(t)
	w.Pay(50)
	options := w.options(t)
	options.Told = func(Step) {}
	r := &rebuild{Options: options}
	for _, step := range []func(context.Context) error{r.begin, r.fill, r.compare} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.server.Kill()
	if err := r.reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.server.Restart()
	w.Pay(1)
	if err := r.fill(t.Context()); !errors.Is(err, redismodel.ErrSwitched) {
		t.Errorf("what nobody has compared was filled: %v", err)
	}
}
