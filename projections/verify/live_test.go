package verify

import (
	"math/rand/v2"
	"sync"
	"testing"

	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// TestALiveModelIsComparedExactly verifies while the projectors write, in small
// batches so that keys change between any two reads.
func TestALiveModelIsComparedExactly(t *testing.T) {
	server := redistest.Start(t)
	length := 4000
	if testing.Short() {
		length = 1000
	}
	log := sliceLog(projectiontest.Sample(length))
	s := fill(t, server, "{live}", log[:50], 50)
	var writing sync.WaitGroup
	done := make(chan struct{})
	writing.Go(func() {
		defer close(done)
		for end := 60; end <= len(log); end += 10 {
			s.extend(t, log[:end], 1+rand.IntN(10))
		}
	})
	for running, n := true, 0; running; n++ {
		select {
		case <-done:
			running = false
		default:
		}
		report, err := Run(t.Context(), s.options(log))
		if err != nil {
			t.Fatal(err)
		}
		if report.Count != 0 {
			t.Fatalf("comparison %d, at position %s:\n%s", n, report.Models[0].Position, list(report))
		}
	}
	writing.Wait()
}

// TestDamageIsFoundInALiveModel does the same with one wrong cent.
func TestDamageIsFoundInALiveModel(t *testing.T) {
	server := redistest.Start(t)
	length := 3000
	if testing.Short() {
		length = 1500
	}
	log := sliceLog(projectiontest.Sample(length))
	s := fill(t, server, "{livedamage}", log[:1000], 500)
	server.Client().HSet(t.Context(), s.prefix+":1:balance:nobody", "USD", "0.01")
	var writing sync.WaitGroup
	writing.Go(func() { s.extend(t, log, 5) })
	report, err := Run(t.Context(), s.options(log))
	writing.Wait()
	if err != nil || report.Count != 1 {
		t.Fatalf("%s; error %v", list(report), err)
	}
}

// TestASwitchDuringAComparison compares what is switched to. The first told
// step comes before the first key is read.
func TestASwitchDuringAComparison(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(500))
	s := fill(t, server, "{switch}", log, 100)
	if err := s.Switch(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	s.extend(t, log, 100) // generation 2
	if err := s.Switch(t.Context(), 2, 1); err != nil {
		t.Fatal(err)
	}
	server.Client().Del(t.Context(), s.Key(1, "balance", "u1"))
	options := s.options(log)
	var once sync.Once
	options.Told = func(Step) {
		once.Do(func() {
			if err := s.Switch(t.Context(), 1, 2); err != nil {
				t.Error(err)
			}
		})
	}
	report, err := Run(t.Context(), options)
	if err != nil || report.Count != 0 || report.Generation != 2 {
		t.Fatalf("generation %d: %s; error %v", report.Generation, list(report), err)
	}
}

// TestAnOlderCopyDuringAComparison begins again when the model goes back.
func TestAnOlderCopyDuringAComparison(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(500))
	s := fill(t, server, "{older}", log, 100)
	options := s.options(log)
	var once sync.Once
	options.Told = func(Step) {
		once.Do(func() {
			server.Client().FlushAll(t.Context())
			s.extend(t, log[:200], 100)
		})
	}
	report, err := Run(t.Context(), options)
	if err != nil || report.Count != 0 || report.Models[0].Position != log[199].Position {
		t.Fatalf("position %s: %s; error %v", report.Models[0].Position, list(report), err)
	}
}

// TestPassesCoverEverything gives the tables so little room that many passes
// are needed, and expects the same findings.
func TestPassesCoverEverything(t *testing.T) {
	orders := 20_000
	if testing.Short() {
		orders = 6000
	}
	server := redistest.Start(t)
	log := manyOrders(t, orders)
	s := fill(t, server, "{passes}", log, 1000)
	report, err := run(t.Context(), s.options(log), minSlots)
	if err != nil || report.Count != 0 || report.Models[1].Subjects != uint64(orders) {
		t.Fatalf("%d orders: %s; error %v", report.Models[1].Subjects, list(report), err)
	}
	for i := range 30 {
		key := s.Key(1, redismodel.KindOrder, log[1+2*(i*orders/30)].Stream.ID())
		if server.Client().Del(t.Context(), key).Val() != 1 {
			t.Fatalf("no %s", key)
		}
	}
	report, err = run(t.Context(), s.options(log), minSlots)
	if err != nil || report.Count != 30 {
		t.Fatalf("%d differences: %s; error %v", report.Count, list(report), err)
	}
}
