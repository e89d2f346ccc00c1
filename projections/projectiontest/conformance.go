package projectiontest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"daybook/eventstore"
	"daybook/projections/follow"
)

func testEmpty(t *testing.T, open func(*testing.T) Subject) {
	s := open(t)
	if stored := load(t, s); stored != (follow.Checkpoint{}) {
		t.Fatalf("checkpoint is %+v", stored)
	}
	if s.Projector.Name() == "" || s.Projector.FoldVersion() < 1 {
		t.Fatalf("name %q, fold version %d", s.Projector.Name(), s.Projector.FoldVersion())
	}
}

func testBatches(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	whole := open(t)
	ApplyBatches(t, whole.Projector, events, len(events))
	want := dump(t, whole)
	for size := 1; size < len(events); size++ {
		s := open(t)
		ApplyBatches(t, s.Projector, events, size)
		same(t, dump(t, s), want, fmt.Sprintf("after batches of %d", size))
	}
}

func testResume(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	whole := open(t)
	ApplyBatches(t, whole.Projector, events, len(events))
	want := dump(t, whole)
	for stop := 1; stop < len(events); stop++ {
		s := open(t)
		ApplyBatches(t, s.Projector, events[:stop], stop)
		stored := load(t, s)
		rest := slices.IndexFunc(events, func(e eventstore.Recorded) bool { return e.Position > stored.Position })
		if rest != stop {
			t.Fatalf("stopped after %d events, resumes after %d", stop, rest)
		}
		ApplyBatches(t, s.Projector, events[rest:], len(events))
		same(t, dump(t, s), want, fmt.Sprintf("resumed after %d events", stop))
	}
}

func testMark(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	s := open(t)
	ApplyBatches(t, s.Projector, events, len(events))
	before := dump(t, s)
	from := load(t, s)
	to := from
	to.Position += 1000
	if err := s.Projector.Apply(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	if stored := load(t, s); stored != to {
		t.Fatalf("stored checkpoint is %+v, want %+v", stored, to)
	}
	same(t, dump(t, s), before, "after a mark")
}

func testMoved(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	s := open(t)
	const half = sampleLength / 2
	ApplyBatches(t, s.Projector, events[:half], half)
	stored, before := load(t, s), dump(t, s)
	for name, change := range map[string]func(*follow.Checkpoint){
		"the beginning":    func(c *follow.Checkpoint) { *c = follow.Checkpoint{} },
		"another log":      func(c *follow.Checkpoint) { c.LogID += "x" },
		"another fold":     func(c *follow.Checkpoint) { c.Fold++ },
		"an earlier place": func(c *follow.Checkpoint) { c.Position-- },
		"a later place":    func(c *follow.Checkpoint) { c.Position++ },
		"another event":    func(c *follow.Checkpoint) { c.EventID[3]++ },
		"another stream":   func(c *follow.Checkpoint) { c.Stream += "x" },
		"another revision": func(c *follow.Checkpoint) { c.Revision++ },
	} {
		from := stored
		change(&from)
		err := s.Projector.Apply(t.Context(), from, behind(s.Projector, events), events[half:])
		if !errors.Is(err, follow.ErrCheckpointMoved) {
			t.Errorf("from %s: error is %v", name, err)
		}
		if now := load(t, s); now != stored {
			t.Errorf("from %s: stored checkpoint is %+v", name, now)
		}
		same(t, dump(t, s), before, "after a batch from "+name)
	}
	ApplyBatches(t, s.Projector, events[half:], half)
}

func testRacers(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	alone := open(t)
	ApplyBatches(t, alone.Projector, events, 1)
	s := open(t)
	var from follow.Checkpoint
	for i := range events {
		to := behind(s.Projector, events[:i+1])
		results := make([]error, 4)
		var racers sync.WaitGroup
		for r := range results {
			racers.Go(func() { results[r] = s.Projector.Apply(t.Context(), from, to, events[i:i+1]) })
		}
		racers.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else if !errors.Is(err, follow.ErrCheckpointMoved) {
				t.Fatal(err)
			}
		}
		if won != 1 {
			t.Fatalf("event %d was applied %d times", i, won)
		}
		from = to
	}
	same(t, dump(t, s), dump(t, alone), "after races")
}

func testCannotFold(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	s := open(t)
	const half = sampleLength / 2
	ApplyBatches(t, s.Projector, events[:half], half)
	stored, before := load(t, s), dump(t, s)
	for name, change := range map[string]func(*eventstore.Recorded){
		"a type of a later version":   func(e *eventstore.Recorded) { e.Stream, e.Type = "order-x.1", "PaymentImagined" },
		"a schema of a later version": func(e *eventstore.Recorded) { e.Stream, e.Type, e.Schema = "order-x.1", "PaymentReceived", 99 },
		"data that cannot be read": func(e *eventstore.Recorded) {
			e.Stream, e.Type, e.Data = "order-x.1", "PaymentVerified", []byte(`{"payment":`)
		},
		"an amount that is none": func(e *eventstore.Recorded) {
			e.Stream, e.Type = "order-x.1", "PaymentReceived"
			e.Data = []byte(`{"payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.234"}}`)
		},
	} {
		for i := half; i < len(events); i++ {
			batch := slices.Clone(events[half:])
			change(&batch[i-half])
			err := s.Projector.Apply(t.Context(), stored, behind(s.Projector, batch), batch)
			if !errors.Is(err, follow.ErrCannotFold) {
				t.Fatalf("%s: error is %v", name, err)
			}
		}
		if now := load(t, s); now != stored {
			t.Errorf("%s: stored checkpoint is %+v", name, now)
		}
		same(t, dump(t, s), before, "after "+name)
	}
	ApplyBatches(t, s.Projector, events[half:], half)
}

func testNotKept(t *testing.T, open func(*testing.T) Subject) {
	events := Sample(sampleLength)
	for i := range events {
		events[i].Data = bytes.Clone(events[i].Data)
	}
	s := open(t)
	ApplyBatches(t, s.Projector, events, 7)
	before := dump(t, s)
	for i := range events {
		clear(events[i].Data)
	}
	clear(events)
	same(t, dump(t, s), before, "when the events are gone")
}
