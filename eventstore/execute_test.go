package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

const stream eventstore.StreamName = "order-1"

var errFault = errors.New("injected")

// faulty is a real store that fails on demand.
type faulty struct {
	eventstore.Store

	before  func() error // called before an append; its error is the answer
	after   func() error // called after an append; its error is the answer
	failing bool         // reads fail at their second event
}

func (f *faulty) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if f.before != nil {
		if err := f.before(); err != nil {
			return eventstore.Appended{}, err
		}
	}
	appended, err := f.Store.Append(ctx, stream, expected, events...)
	if err == nil && f.after != nil {
		err = f.after()
	}
	return appended, err
}

func (f *faulty) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	if !f.failing {
		return f.Store.Read(ctx, stream, from, include...)
	}
	return func(yield func(eventstore.Recorded, error) bool) {
		for event := range f.Store.Read(ctx, stream, from, include...) {
			if !yield(event, nil) {
				return
			}
			break
		}
		yield(eventstore.Recorded{}, errFault)
	}
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	return &faulty{Store: sqlitetest.New(t)}
}

// count is the number of events of a stream.
func count(state int, _ eventstore.Recorded) (int, error) { return state + 1, nil }

func made(cause string, next eventstore.Revision, count int) []eventstore.Event {
	events := make([]eventstore.Event, count)
	for i := range events {
		events[i] = eventstore.Event{
			ID:       eventstore.DeriveID(stream, cause, next+eventstore.Revision(i)),
			Type:     "ThingHappened",
			Schema:   1,
			Data:     fmt.Appendf(nil, `{"cause":%q}`, cause),
			Metadata: []byte(`{}`),
		}
	}
	return events
}

// adds decides to append events of a cause, and keeps the states it saw.
func adds(cause string, count int, saw *[]int) eventstore.Decide[int] {
	return func(state int, next eventstore.Revision) ([]eventstore.Event, error) {
		*saw = append(*saw, state)
		return made(cause, next, count), nil
	}
}

// rival appends one event to the stream behind Execute's back.
func rival(t *testing.T, store eventstore.Store, cause string) {
	t.Helper()
	var saw []int
	if _, err := eventstore.Execute(t.Context(), store, stream, count, adds(cause, 1, &saw)); err != nil {
		t.Fatal(err)
	}
}

func TestExecuteDecidesOnTheStreamAndAppendsBehindIt(t *testing.T) {
	store := newFaulty(t)
	var saw []int
	for i, want := range []eventstore.Revision{1, 3, 5} {
		executed, err := eventstore.Execute(t.Context(), store, stream, count, adds(fmt.Sprint(i), 2, &saw))
		if err != nil {
			t.Fatal(err)
		}
		if executed.Appended.Revision != want || executed.State != 2*i || len(executed.Events) != 2 {
			t.Errorf("command %d came to %+v", i, executed)
		}
	}
	if diff := cmp.Diff([]int{0, 2, 4}, saw); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestExecuteWithNothingToDoSaysWhereTheStreamEnds(t *testing.T) {
	store := newFaulty(t)
	nothing := func(int, eventstore.Revision) ([]eventstore.Event, error) { return nil, nil }
	executed, err := eventstore.Execute(t.Context(), store, stream, count, nothing)
	if err != nil || executed.Appended != (eventstore.Appended{}) {
		t.Errorf("without a stream: %+v, %v", executed, err)
	}
	var saw []int
	before, err := eventstore.Execute(t.Context(), store, stream, count, adds("first", 2, &saw))
	if err != nil {
		t.Fatal(err)
	}
	executed, err = eventstore.Execute(t.Context(), store, stream, count, nothing)
	if err != nil || executed.Appended != before.Appended || executed.Events != nil || executed.State != 2 {
		t.Errorf("with a stream: %+v, %v", executed, err)
	}
}

func TestExecuteDecidesAgainAfterAConflict(t *testing.T) {
	store := newFaulty(t)
	rivals := 3
	store.before = func() error {
		if rivals > 0 {
			rivals--
			rival(t, store.Store, fmt.Sprint("rival ", rivals))
		}
		return nil
	}
	var saw []int
	executed, err := eventstore.Execute(t.Context(), store, stream, count, adds("ours", 1, &saw))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3}, saw); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if executed.Appended.Revision != 3 {
		t.Errorf("appended at %d", executed.Appended.Revision)
	}
}

func TestExecuteGivesUpAtLast(t *testing.T) {
	store := newFaulty(t)
	attempts := 0
	store.before = func() error {
		attempts++
		return fmt.Errorf("rivals everywhere: %w", eventstore.ErrConflict)
	}
	var saw []int
	_, err := eventstore.Execute(t.Context(), store, stream, count, adds("ours", 1, &saw))
	if !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("got error %v", err)
	}
	if attempts != 64 {
		t.Errorf("gave up after %d attempts", attempts)
	}
}

func TestExecuteDoesNotHideFaults(t *testing.T) {
	fault := func() error { return errFault }
	decide := func(int, eventstore.Revision) ([]eventstore.Event, error) { return nil, errFault }
	fold := func(int, eventstore.Recorded) (int, error) { return 0, errFault }
	var saw []int
	for name, run := range map[string]func(*faulty) error{
		"of the decision": func(f *faulty) error {
			_, err := eventstore.Execute(t.Context(), f, stream, count, decide)
			return err
		},
		"of the fold": func(f *faulty) error {
			_, err := eventstore.Execute(t.Context(), f, stream, fold, adds("x", 1, &saw))
			return err
		},
		"of reading": func(f *faulty) error {
			f.failing = true
			_, err := eventstore.Execute(t.Context(), f, stream, count, adds("x", 1, &saw))
			return err
		},
		"of appending": func(f *faulty) error {
			f.before = fault
			_, err := eventstore.Execute(t.Context(), f, stream, count, adds("x", 1, &saw))
			return err
		},
	} {
		store := newFaulty(t)
		rival(t, store.Store, "first")
		rival(t, store.Store, "second")
		if err := run(store); !errors.Is(err, errFault) {
			t.Errorf("%s: got error %v", name, err)
		}
		events := 0
		for range store.Store.Read(t.Context(), stream, 0) {
			events++
		}
		if events != 2 {
			t.Errorf("%s: the stream has %d events", name, events)
		}
	}
}

func TestAnAppendWhoseAnswerWasLostIsRecognised(t *testing.T) {
	store := newFaulty(t)
	store.after = func() error { return eventstore.ErrUnavailable }
	events := made("ours", 0, 2)
	_, err := store.Append(t.Context(), stream, eventstore.NoStream, events...)
	if !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatalf("got error %v", err)
	}
	store.after = nil
	rival(t, store, "rival")
	appended, err := store.Append(t.Context(), stream, eventstore.NoStream, events...)
	if err != nil || appended.Revision != 1 {
		t.Errorf("the repeat came to %+v, %v", appended, err)
	}
}
