package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"daybook/eventstore"
)

const (
	racers   = 16
	rounds   = 10
	commands = 3 // of each racer; each decides again after every conflict
)

var raceTests = []test{
	{name: "of racing writers exactly one wins each revision", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		var wins [rounds]atomic.Int64
		var winners [rounds]atomic.Value
		race(func(racer int) {
			expected := eventstore.NoStream
			for round := range rounds {
				events := makeEvents(stream, fmt.Sprintf("racer %d round %d", racer, round), 1)
				_, err := f.Append(f.ctx, stream, expected, events...)
				switch {
				case err == nil:
					wins[round].Add(1)
					winners[round].Store(events[0].ID)
				case !errors.Is(err, eventstore.ErrConflict):
					t.Errorf("racer %d: %v", racer, err)
					return
				}
				expected = eventstore.At(eventstore.Revision(round))
			}
		})
		ids := f.ids(t, stream)
		if len(ids) != rounds {
			t.Fatalf("the stream has %d events, want %d", len(ids), rounds)
		}
		for round, id := range ids {
			if count := wins[round].Load(); count != 1 {
				t.Errorf("%d writers won revision %d", count, round)
			}
			if winner := winners[round].Load(); winner != id {
				t.Errorf("revision %d is %s, not the winner's %v", round, id, winner)
			}
		}
	}},
	{name: "writers to streams of their own do not disturb each other", run: func(t *testing.T, f *fixture) {
		var streams [racers]eventstore.StreamName
		for racer := range streams {
			streams[racer] = f.stream()
		}
		race(func(racer int) {
			expected := eventstore.NoStream
			for round := range rounds {
				events := makeEvents(streams[racer], fmt.Sprint(round), 2)
				appended, err := f.Append(f.ctx, streams[racer], expected, events...)
				if err != nil {
					t.Errorf("racer %d: %v", racer, err)
					return
				}
				expected = eventstore.At(appended.Revision)
			}
		})
		next := make(map[eventstore.StreamName]eventstore.Revision)
		for _, event := range f.own(t) {
			if event.Revision != next[event.Stream] {
				t.Fatalf("the log has revision %d of %s in place of %d", event.Revision, event.Stream, next[event.Stream])
			}
			next[event.Stream]++
		}
		for _, stream := range streams {
			if next[stream] != 2*rounds {
				t.Errorf("the log has %d events of %s, want %d", next[stream], stream, 2*rounds)
			}
		}
	}},
	{name: "racing commands all succeed, each on the state before it", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		count := func(state int, _ eventstore.Recorded) (int, error) { return state + 1, nil }
		race(func(racer int) {
			for round := range commands {
				_, err := eventstore.Execute(f.ctx, f, stream, count, func(state int, _ eventstore.Revision) ([]eventstore.Event, error) {
					events := makeEvents(stream, fmt.Sprintf("racer %d round %d", racer, round), 1)
					events[0].Data = fmt.Appendf(nil, `{"before":%d}`, state)
					return events, nil
				})
				if err != nil {
					t.Errorf("racer %d: %v", racer, err)
					return
				}
			}
		})
		stored := collect(t, f.Read(f.ctx, stream, 0))
		if len(stored) != racers*commands {
			t.Fatalf("the stream has %d events, want %d", len(stored), racers*commands)
		}
		for i, event := range stored {
			if want := fmt.Sprintf(`{"before":%d}`, i); string(event.Data) != want {
				t.Errorf("revision %d was decided on %s, want %s", i, event.Data, want)
			}
		}
	}},
}

// race runs all racers at once and waits for them.
func race(run func(racer int)) {
	var group sync.WaitGroup
	for racer := range racers {
		group.Go(func() { run(racer) })
	}
	group.Wait()
}
