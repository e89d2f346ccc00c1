package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"daybook/cmd/internal/powerloss"
	"daybook/projections/schedules"
)

// Losses of power of one schedule: of a log that begins, and of one that begins
// with what a loss has left.
const (
	recordingsOfASchedule = 2
	lossesOfARecording    = 3
)

// TestLossOfPowerKeepsWhatItAcknowledged records the system calls of servers under
// load, which are killed or stop, and puts the data directory together as
// losses of power at random moments leave it, for another run of the machine.
// Of each the program starts, every callback whose 200 had begun to be written
// to a connection is where the answer said, every other one is there at most
// once, and nothing else is. Posting all of them again makes all exactly once.
func TestLossOfPowerKeepsWhatItAcknowledged(t *testing.T) {
	embedded(t)
	t.Parallel()
	for _, seed := range schedules.Seeds(t, 1) {
		schedules.Prove(t, seed, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			left := loss{known: newPromises(nil), image: powerloss.Image{}}
			for n := range recordingsOfASchedule {
				rec := record(t, r, daybook(t), left, fmt.Sprintf("L%d-", n))
				for range lossesOfARecording {
					left = rec.lose(t, r)
					left.prove(t)
					if t.Failed() {
						must(t, left.image.Write(filepath.Join(kept(t), "loss")))
						return
					}
				}
			}
		})
	}
}

// TestProofOfLossesFailsWithoutSync shows that the proof above proves something.
func TestProofOfLossesFailsWithoutSync(t *testing.T) {
	embedded(t)
	t.Parallel()
	r := random(t)
	rec := record(t, r, unsafeDaybook(t), loss{known: newPromises(nil), image: powerloss.Image{}}, "U-")
	for range 30 { // one may lose nothing, by chance
		left := rec.loseAt(t, r, rec.End(), "at the end")
		s, faults := left.start(t)
		if len(faults) > 0 {
			t.Logf("%s, and %d more", strings.TrimSpace(faults[0]), len(faults)-1)
			return
		}
		s.kill()
	}
	t.Error("without a sync, losses of power lose nothing")
}

// recording is what servers did to a data directory, with all that was sent.
type recording struct {
	*powerloss.Recording
	known *promises
}

// loss is what a loss of power leaves, with what had been acknowledged before.
type loss struct {
	image powerloss.Image // with the data directory in it
	known *promises
	when  string
}

// record runs a few servers one after the other, from what a loss has left.
func record(t *testing.T, r *rand.Rand, program string, from loss, prefix string) recording {
	t.Helper()
	root := t.TempDir()
	must(t, from.image.Write(root))
	begun, err := powerloss.Begin(root)
	must(t, err)
	rec := recording{begun, from.known.clone()}
	heard := newPromises(nil)
	for n := range 2 + r.IntN(2) { // servers
		orders := randomOrders(r, fmt.Sprintf("%s%d-", prefix, n))[:100+r.IntN(100)]
		if r.IntN(3) == 0 { // the journal grows, and comes to its beginning again
			orders = orders[:60]
			for i := range orders {
				orders[i].body += strings.Repeat(" ", r.IntN(100_000))
			}
		}
		rec.known.send(orders)
		heard.send(orders)
		file := filepath.Join(kept(t), fmt.Sprintf("%strace-%d", prefix, n))
		s := start(t, options{program: program, data: filepath.Join(root, "data"), within: powerloss.Command(strace(t), file)})
		kill := r.IntN(2) == 0
		heard.hearAll(t, s.loadUntilItEnds(r, orders, kill))
		calls, err := powerloss.ReadTrace(file)
		must(t, err)
		must(t, rec.Add(calls, kill))
	}
	for stream := range heard.places { // or the proof would pass for want of answers
		if _, ok := rec.answered(t, rec.End())[stream]; !ok {
			t.Fatalf("the answer to %s is not in the trace", stream)
		}
	}
	return rec
}

// loadUntilItEnds posts callbacks and kills the server at a random moment, or lets
// it stop when all are answered.
func (s *server) loadUntilItEnds(r *rand.Rand, orders []randomOrder, kill bool) []delivery {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	enough := int64(1 + r.IntN(len(orders)))
	var acknowledged atomic.Int64
	deliveries := s.postAll(ctx, clients, bodies(orders), func(d delivery) {
		if kill && d.err == nil && d.status == 200 && acknowledged.Add(1) == enough {
			_ = s.command.Process.Kill() // waited for below
			cancel()
		}
	})
	if kill {
		s.exitCode(patience)
	} else if code := s.terminate(); code != 0 {
		s.t.Errorf("the exit code is %d:\n%s", code, s.stderr)
	}
	return deliveries
}

var outcomeText = regexp.MustCompile(`\{"outcome":[^}]*\}`)

// answered returns the places that answers had named before a moment.
func (rec recording) answered(t *testing.T, moment int) map[string]outcome {
	t.Helper()
	places := map[string]outcome{}
	for _, text := range rec.Answered(moment) {
		for _, found := range outcomeText.FindAllString(text, -1) {
			var o outcome
			must(t, json.Unmarshal([]byte(found), &o))
			places[o.Stream] = o
		}
	}
	return places
}

// lose draws a loss of power.
func (rec recording) lose(t *testing.T, r *rand.Rand) loss {
	t.Helper()
	moment, when := rec.Draw(r)
	return rec.loseAt(t, r, moment, when)
}

func (rec recording) loseAt(t *testing.T, r *rand.Rand, moment int, when string) loss {
	t.Helper()
	known := rec.known.clone()
	maps.Copy(known.places, rec.answered(t, moment))
	when = fmt.Sprintf("moment %d of %d, %s", moment, rec.End(), when)
	t.Logf("%s: %d of %d are acknowledged", when, len(known.places), len(known.sent))
	return loss{rec.Cut(moment, r), known, when}
}

// start starts the program on what is left, and says what is wrong with the
// log. The server is nil if it does not start.
func (l loss) start(t *testing.T) (*server, []string) {
	t.Helper()
	root := t.TempDir()
	must(t, l.image.Write(root))
	data := filepath.Join(root, "data")
	p := launch(t, options{data: data})
	if _, ok := p.stderr.await(patience, `"msg":"daybook is listening"`); !ok {
		return nil, []string{"it does not start: " + p.stderr.String()}
	}
	s := &server{process: p, client: newClient(t, p.awaitAddress()), data: data}
	s.awaitStatus("/readyz", 200)
	s.awaitStatus("/readyz/reads", 200)
	return s, l.known.faults(replay(t, data))
}

// prove starts the program on what is left, and proves that all is there.
func (l loss) prove(t *testing.T) {
	t.Helper()
	s, faults := l.start(t)
	for _, fault := range faults[:min(10, len(faults))] {
		t.Error(fault)
	}
	if len(faults) > 0 {
		t.Fatalf("%s: %d faults", l.when, len(faults))
	}
	s = s.acceptLoss()
	known := l.known.clone()
	s.complete(known, slices.Collect(maps.Values(known.sent)))
	s.checkPaid(known)
	if code := s.terminate(); code != 0 {
		t.Errorf("%s: the exit code is %d:\n%s", l.when, code, s.stderr)
	}
	if code, p := run(t, nil, "verify", "--data", s.data); code != 0 {
		t.Errorf("%s: verify ends with %d:\n%s%s", l.when, code, p.stdout, p.stderr)
	}
}

// acceptLoss verifies the log. It may lack its last frame, which was torn before
// anybody heard of it; only a person can tell, and says so.
func (s *server) acceptLoss() *server {
	s.t.Helper()
	code, p := run(s.t, nil, "verify", "--data", s.data)
	if code == 0 {
		return s
	}
	if code != 2 || !strings.Contains(p.stderr.String(), "accept-loss") {
		s.t.Fatalf("verify ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if !strings.Contains(s.stderr.String(), "events may be missing") {
		s.t.Errorf("the server does not say what is missing:\n%s", s.stderr)
	}
	s.t.Log("the last frame is torn")
	s.terminate()
	succeed(s.t, "log", "accept-loss", "--reason", "the power was lost", "--data", s.data)
	return start(s.t, options{data: s.data})
}

// kept returns a directory whose content stays where -artifacts says if the test
// fails.
func kept(t *testing.T) string {
	t.Helper()
	directory := t.ArtifactDir()
	t.Cleanup(func() {
		if !t.Failed() {
			must(t, os.RemoveAll(directory))
		}
	})
	return directory
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
