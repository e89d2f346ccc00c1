package eventstoredb_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/eventstoredb"
)

func TestAServerThatComesUpLaterIsUsed(t *testing.T) {
	d := downDatabase(t)
	store := open(t, d.url())
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := store.Ready(short); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("ready without a server: %v", err)
	}
	ctx := bounded(t)
	appended := make(chan error, 1)
	go func() {
		_, err := store.Append(ctx, "test-one", eventstore.NoStream, makeEvents("test-one", "early", 1)...)
		appended <- err
	}()
	time.Sleep(100 * time.Millisecond) // it is waiting for the server
	d.start(t)
	if err := <-appended; err != nil {
		t.Errorf("append that was waiting: %v", err)
	}
	if err := store.Ready(ctx); err != nil {
		t.Errorf("ready: %v", err)
	}
}

func TestEveryCallReturnsWithinItsDeadline(t *testing.T) {
	for name, url := range map[string]string{
		"nobody listens":    "esdb://" + freeAddress(t) + "?tls=false",
		"nobody answers":    blackHole(t),
		"a cluster is down": "esdb://" + freeAddress(t) + "," + freeAddress(t) + "?tls=false",
		"a cluster is mute": fmt.Sprintf("esdb+discover://%s", blackHole(t)[len("esdb://"):]),
	} {
		t.Run(name, func(t *testing.T) {
			running := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, running) })
			store := open(t, url)
			const deadline = 300 * time.Millisecond
			var callers sync.WaitGroup
			for i := range 40 {
				callers.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), deadline)
					defer cancel()
					started := time.Now()
					err := call(ctx, store, i)
					if took := time.Since(started); took > deadline+2*time.Second {
						t.Errorf("call %d took %s", i, took)
					}
					if !errors.Is(err, eventstore.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("call %d: %v", i, err)
					}
				})
			}
			callers.Wait()
		})
	}
}

// call makes a call of the i-th kind.
func call(ctx context.Context, store eventstore.Store, i int) error {
	switch i % 5 {
	case 0:
		_, err := store.Append(ctx, "test-one", eventstore.NoStream, makeEvents("test-one", "x", 1)...)
		return err
	case 1:
		return endOf(store.Read(ctx, "test-one", 0))
	case 2:
		return endOf(store.ReadAll(ctx, 0))
	case 3:
		return endOf(store.Subscribe(ctx, 0))
	default:
		return store.Ready(ctx)
	}
}

// endOf returns the error with which a sequence ends.
func endOf[E any](sequence iter.Seq2[E, error]) (last error) {
	for _, err := range sequence {
		last = err
	}
	return last
}

func TestALostAnswerIsRecognised(t *testing.T) {
	d := newDatabase(t)
	network := newProxy(t, d.address)
	store := open(t, network.url())
	ctx := bounded(t)
	const stream = eventstore.StreamName("test-lost")
	first, err := store.Append(ctx, stream, eventstore.NoStream, makeEvents(stream, "first", 2)...)
	if err != nil {
		t.Fatal(err)
	}
	type result struct {
		eventstore.Appended
		err error
	}
	network.mute.Store(true)
	done := make(chan result, 1)
	go func() {
		appended, err := store.Append(ctx, stream, eventstore.At(first.Revision), makeEvents(stream, "second", 3)...)
		done <- result{appended, err}
	}()
	stored := func() int { return len(collect(t, open(t, d.url()).Read(ctx, stream, 0))) }
	await(t, "the events to be stored", func() bool { return stored() == 5 })
	network.mute.Store(false)
	network.cut()
	got := <-done
	if got.err != nil || got.Revision != 4 {
		t.Errorf("the append came to %+v, error %v", got.Appended, got.err)
	}
	if count := stored(); count != 5 {
		t.Errorf("there are %d events, want 5", count)
	}
}

// TestRestartsUnderLoad appends from several goroutines while the server is
// stopped and started, and subscribes all the time.
func TestRestartsUnderLoad(t *testing.T) {
	const writers = 8
	restarts := 50
	if testing.Short() {
		restarts = 5
	}
	d := newDatabase(t)
	store := open(t, d.url())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := store.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()

	loading, stop := context.WithCancel(ctx)
	defer stop()
	var writing, running sync.WaitGroup
	var acknowledged [writers]int
	for writer := range writers {
		writing.Go(func() { acknowledged[writer] = load(t, ctx, loading, store, writer) })
	}
	seen := make(chan []eventstore.Recorded, 1)
	running.Go(func() { seen <- subscribed(t, ctx, store) })
	for range restarts {
		time.Sleep(50 * time.Millisecond)
		d.stop(t)
		d.start(t)
	}
	stop()
	writing.Wait()
	end, err := store.Append(ctx, "test-end", eventstore.NoStream, makeEvents("test-end", "end", 1)...)
	if err != nil {
		t.Fatal(err)
	}
	running.Wait()

	log := collect(t, store.ReadAll(ctx, 0))
	if last := log[len(log)-1]; last.Position != end.Position {
		t.Errorf("the log ends at %s, want %s", last.Position, end.Position)
	}
	count := 0
	for writer := range writers {
		events := collect(t, store.Read(ctx, loadStream(writer), 0))
		if len(events) != acknowledged[writer] {
			t.Errorf("writer %d was told of %d events, there are %d", writer, acknowledged[writer], len(events))
		}
		count += len(events)
	}
	t.Logf("%d events", count)
	if delivered := <-seen; len(delivered) != len(log) {
		t.Errorf("the subscription has delivered %d events, the log has %d", len(delivered), len(log))
	} else {
		for i := range log {
			if delivered[i].ID != log[i].ID {
				t.Fatalf("the subscription has delivered %s where the log has %s", delivered[i].Position, log[i].Position)
			}
		}
	}
	await(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before+5 })
}

func loadStream(writer int) eventstore.StreamName {
	return eventstore.StreamName(fmt.Sprintf("test-writer%d", writer))
}

// load appends one event after the other and returns how many were
// acknowledged. One that was not is repeated, as a sender of callbacks does.
func load(t *testing.T, ctx, loading context.Context, store eventstore.Store, writer int) int {
	stream := loadStream(writer)
	expected := eventstore.NoStream
	count := 0
	for loading.Err() == nil {
		event := makeEvents(stream, fmt.Sprint("event ", count), 1)
		for {
			call, cancel := context.WithTimeout(ctx, time.Second)
			appended, err := store.Append(call, stream, expected, event...)
			cancel()
			if err == nil {
				expected = eventstore.At(appended.Revision)
				count++
				break
			}
			if !errors.Is(err, eventstore.ErrUnavailable) || ctx.Err() != nil {
				t.Errorf("writer %d, event %d: %v", writer, count, err)
				return count
			}
		}
	}
	return count
}

// subscribed returns what a subscription delivers up to the event of test-end.
// Like a projection it subscribes again when it was told that the server was away
// for long.
func subscribed(t *testing.T, ctx context.Context, store eventstore.Store) []eventstore.Recorded {
	var events []eventstore.Recorded
	var last eventstore.Position
	for ctx.Err() == nil {
		for message, err := range store.Subscribe(ctx, last) {
			if err != nil {
				t.Logf("subscription: %v", err)
				break
			}
			last = message.Position
			if message.Event == nil {
				continue
			}
			events = append(events, *message.Event)
			if message.Event.Stream == "test-end" {
				return events
			}
		}
	}
	t.Error("the subscription has not come to the end")
	return events
}

func TestTheLeaderIsFollowed(t *testing.T) {
	leader := newDatabase(t)
	follower := newDatabase(t, func(o *esdbserver.Options) { o.Leader = func() string { return leader.address } })
	store := open(t, follower.url())
	ctx := bounded(t)
	if _, err := store.Append(ctx, "test-one", eventstore.NoStream, makeEvents("test-one", "x", 1)...); err != nil {
		t.Fatal(err)
	}
	if events := collect(t, open(t, leader.url()).Read(ctx, "test-one", 0)); len(events) != 1 {
		t.Errorf("the leader has %d events", len(events))
	}
}

func TestAnAppendThatIsTooLargeIsNotSent(t *testing.T) {
	store := open(t, "esdb://"+freeAddress(t)+"?tls=false")
	event := makeEvents("test-large", "large", 1)[0]
	event.Data = fmt.Appendf(nil, `{"text":"%0*d"}`, eventstore.MaxAppendBytes, 0)
	if _, err := store.Append(bounded(t), "test-large", eventstore.NoStream, event); !errors.Is(err, eventstore.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestAReadOnlyStoreWritesNothing(t *testing.T) {
	d := newDatabase(t)
	store := open(t, d.url(), func(o *eventstoredb.Options) { o.ReadOnly = true })
	ctx := bounded(t)
	if _, err := eventstore.LogID(ctx, store); err == nil {
		t.Error("a log without events has an id")
	}
	if _, err := store.Append(ctx, "test-one", eventstore.NoStream, makeEvents("test-one", "x", 1)...); err == nil {
		t.Error("it has appended")
	}
	if events := collect(t, store.ReadAll(ctx, 0)); len(events) != 0 {
		t.Errorf("there are events: %v", events)
	}
}
