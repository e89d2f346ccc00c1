package rebuild

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// TestARebuildIsKilled kills a rebuild with SIGKILL at random moments beside a
// live server under load, sometimes loses everything in Redis as well, and
// verifies after each.
func TestARebuildIsKilled(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	w := newWorld(t)
	w.Pay(3000)
	await := w.live(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	finished := 0
	for range rounds {
		command := exec.CommandContext(t.Context(), os.Args[0])
		command.Env = append(os.Environ(), childMode+"="+childRebuild, childDirectory+"="+w.Directory, childRedis+"="+w.server.URL())
		command.Stdout = os.Stderr
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		soon := func() time.Duration { return time.Duration(random.IntN(1200)) * time.Millisecond }
		kill := time.AfterFunc(soon(), func() { _ = command.Process.Kill() })
		flushed := make(chan struct{})
		flush := time.AfterFunc(soon(), func() {
			defer close(flushed)
			w.server.Client().FlushAll(context.Background())
		})
		if random.IntN(3) > 0 && flush.Stop() {
			close(flushed)
		}
		w.Pay(30)
		if command.Wait() == nil {
			finished++
		}
		kill.Stop()
		<-flushed
		w.Pay(1) // so that the live projections notice what became of their model
		await()
		w.server.Client().Del(t.Context(), "{daybook}:rebuild") // for the test to be quick: it expires
		w.verified(t)
	}
	t.Logf("%d of %d came to their end", finished, rounds)
	w.rebuild(t, w.options(t))
	end := w.Last()
	await()
	if report := w.verified(t); report.Models[0].Position != end {
		t.Errorf("report is %+v, the log ends at %s", report, end)
	}
}
