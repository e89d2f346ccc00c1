package rebuild

import (
	"context"
	"errors"
	"sync"
	"testing"

	"daybook/eventstore"
	"daybook/projections/redismodel"
)

func TestARebuildReplacesWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.Pay(1500)
	w.live(t)()
	client := w.server.Client()
	client.HIncrByFloat(t.Context(), "{daybook}:1:balance:u%2F1", "USD", 1)
	client.Set(t.Context(), "{daybook}:7:balance:left", "over", 0)

	result := w.rebuild(t, w.options(t))
	if result.From != 1 || result.To != 2 || result.Events != 3001 || result.Resumed != 0 {
		t.Errorf("result is %+v", result)
	}
	if report := w.verified(t); report.Generation != 2 || report.Models[0].Subjects != users || report.Models[1].Subjects != 1500 {
		t.Errorf("report is %+v", report)
	}
	if left := w.generations(t); left != "[2]" {
		t.Errorf("generations %s are left", left)
	}
}

// TestARebuildBesideALiveServer records, projects and flushes while it runs.
func TestARebuildBesideALiveServer(t *testing.T) {
	w := newWorld(t)
	w.Pay(2000)
	await := w.live(t)
	await()
	ctx, stop := context.WithCancel(t.Context())
	var paying sync.WaitGroup
	for range 4 {
		paying.Go(func() {
			for ctx.Err() == nil && w.Paid() < 8000 {
				w.Pay(20)
			}
		})
	}
	for generation := redismodel.Generation(2); generation < 5; generation++ {
		result := w.rebuild(t, w.options(t))
		if result.To != generation {
			t.Errorf("switched to %s, want %s", result.To, generation)
		}
		w.verified(t)
	}
	stop()
	paying.Wait()
	end := w.Last()
	await()
	// The projections may have been there in the generation before the last, so that the
	// last one gets its events after the switch.
	w.server.Await(func() bool {
		report := w.verified(t)
		return report.Models[0].Position == end && report.Models[1].Position == end && report.Generation == 4
	})
}

// TestAFlushDuringARebuild loses everything, at every stage.
func TestAFlushDuringARebuild(t *testing.T) {
	generations := []redismodel.Generation{1, 3}
	if testing.Short() {
		generations = generations[1:]
	}
	for _, stage := range []Stage{Clearing, Filling, Comparing, Switched} {
		for _, before := range generations {
			t.Run(string(stage)+" from generation "+before.String(), func(t *testing.T) {
				w := newWorld(t)
				w.Pay(1500)
				w.server.Client().Set(t.Context(), "{daybook}:current", before.String(), 0)
				w.server.Client().Set(t.Context(), "{daybook}:9:balance:left", "over", 0)
				await := w.live(t)
				options := w.options(t)
				var once sync.Once
				options.Told = func(s Step) {
					if s.Stage == stage {
						once.Do(func() { w.server.Client().FlushAll(t.Context()) })
					}
				}
				w.rebuild(t, options)
				w.Pay(1)
				await()
				if report := w.verified(t); report.Models[0].Position != 3003 {
					t.Errorf("report is %+v", report)
				}
			})
		}
	}
}

// TestARebuildIsResumed breaks it off in the middle, and again.
func TestARebuildIsResumed(t *testing.T) {
	w := newWorld(t)
	w.Pay(8000)
	w.live(t)()
	interrupted := errors.New("interrupted by the test")
	for range 2 {
		ctx, cancel := context.WithCancelCause(t.Context())
		options := w.options(t)
		calls := 0
		options.Told = func(s Step) {
			if calls++; s.Stage == Filling && calls > 4 {
				cancel(interrupted)
			}
		}
		if _, err := Run(ctx, options); err == nil {
			t.Fatal("it was not broken off")
		}
		cancel(nil)
		if report := w.verified(t); report.Generation != 1 {
			t.Errorf("generation %d is current", report.Generation)
		}
	}
	result := w.rebuild(t, w.options(t))
	if result.Resumed == 0 || result.Events >= 16001 {
		t.Errorf("it began anew: %+v", result)
	}
	w.verified(t)
}

// TestWhatCannotBeGoneOnWithIsDropped leaves a next generation of another log,
// of another fold, broken, and torn.
func TestWhatCannotBeGoneOnWithIsDropped(t *testing.T) {
	for name, checkpoint := range map[string]string{
		"another log":  `{"log":"01HV0000000000000000000000","position":"41","event":"346ca72b-e17c-8a2b-850c-34561ff94246","stream":"order-coinbase.1","revision":"1","fold":1}`,
		"another fold": `{"log":"LOG","position":"41","event":"346ca72b-e17c-8a2b-850c-34561ff94246","stream":"order-coinbase.1","revision":"1","fold":99}`,
		"torn":         `{"log":"LOG","position":"3","event":"346ca72b-e17c-8a2b-850c-34561ff94246","stream":"order-coinbase.1","revision":"1","fold":1}`,
		"unusable":     `unusable: a batch failed halfway`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Pay(10)
			w.server.Client().Set(t.Context(), "{daybook}:2:checkpoint:orders", checkpoint, 0)
			w.server.Client().Set(t.Context(), "{daybook}:2:sum:orders", 41, 0)
			w.server.Client().Set(t.Context(), "{daybook}:2:order:coinbase.LEFT", "{}", 0)
			w.rebuild(t, w.options(t))
			w.verified(t)
		})
	}
}

// TestDamagedWorkIsNotSwitchedTo changes what is being filled.
func TestDamagedWorkIsNotSwitchedTo(t *testing.T) {
	w := newWorld(t)
	w.Pay(500)
	w.live(t)()
	options := w.options(t)
	var once sync.Once
	options.Told = func(s Step) {
		if s.Stage == Comparing {
			once.Do(func() { w.server.Client().HIncrByFloat(t.Context(), "{daybook}:2:balance:u%2F1", "USD", 0.01) })
		}
	}
	result, err := Run(t.Context(), options)
	if !errors.Is(err, ErrDiffers) || result.Report.Count != 1 {
		t.Fatalf("result is %+v, error %v", result, err)
	}
	if left := w.generations(t); left != "[1]" {
		t.Errorf("generations %s are left", left)
	}
	w.rebuild(t, w.options(t))
	w.verified(t)
}

func TestASecondRebuildIsRefused(t *testing.T) {
	w := newWorld(t)
	w.Pay(500)
	options := w.options(t)
	var once sync.Once
	options.Told = func(s Step) {
		if s.Stage == Filling {
			once.Do(func() {
				if _, err := Run(t.Context(), w.options(t)); !errors.Is(err, ErrLocked) {
					t.Errorf("the second ends with %v", err)
				}
			})
		}
	}
	w.rebuild(t, options)
	w.verified(t)
}

// TestTheLockOfAKilledRebuildExpires leaves a lock that nobody renews.
func TestTheLockOfAKilledRebuildExpires(t *testing.T) {
	w := newWorld(t)
	w.Pay(10)
	w.server.Client().Set(t.Context(), "{daybook}:rebuild", "killed", lockExpires/5)
	w.rebuild(t, w.options(t))
	w.verified(t)
	if left := w.server.Client().Exists(t.Context(), "{daybook}:rebuild").Val(); left != 0 {
		t.Error("the lock is left")
	}
}

// TestModelsOfAnotherLogAreAskedFor finds models that another daybook may use.
func TestModelsOfAnotherLogAreAskedFor(t *testing.T) {
	other, w := newWorld(t), newWorld(t)
	other.Pay(10)
	other.live(t)()
	w.server = other.server
	w.Pay(20)
	before := other.server.Keys()
	asked := ""
	for answer, want := range map[string]error{"none": ErrOtherLog, "no": ErrOtherLog} {
		options := w.options(t)
		if answer == "no" {
			options.ReplaceOtherLog = func(logID string) bool { asked = logID; return false }
		}
		if _, err := Run(t.Context(), options); !errors.Is(err, want) {
			t.Errorf("with %s the error is %v", answer, err)
		}
	}
	if id, err := eventstore.LogID(t.Context(), other.Log); err != nil || asked != id {
		t.Errorf("it asks for log %s, and the models are of %s", asked, id)
	}
	if after := other.server.Keys(); len(before) != len(after) {
		t.Errorf("keys were %v and are %v", before, after)
	}
	options := w.options(t)
	options.ReplaceOtherLog = func(string) bool { return true }
	w.rebuild(t, options)
	w.verified(t)
}

// TestACurrentThatIsNoGenerationIsMended has generation 3, and does not know it.
func TestACurrentThatIsNoGenerationIsMended(t *testing.T) {
	for _, command := range [][]any{{"SET", "{daybook}:current", "abc"}, {"RPUSH", "{daybook}:current", "abc"}} {
		w := newWorld(t)
		w.Pay(50)
		client := w.server.Client()
		client.Set(t.Context(), "{daybook}:current", "3", 0)
		await := w.live(t)
		await()
		client.Del(t.Context(), "{daybook}:current")
		if err := client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), w.options(t)); err != nil {
			t.Fatalf("with %v: %v", command, err)
		}
		w.Pay(1)
		await()
		w.verified(t)
	}
}
