package copylog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/eventstore"
	"daybook/eventstore/copylog"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/esdbserver/esdbtest"
	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// world has a log with some streams, and a database to copy it to.
type world struct {
	from *sqlitestore.Store
	to   *eventstoredb.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{from: sqlitetest.New(t)}
	database := sqlitetest.New(t)
	if err := esdbserver.CreateScratch(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	_, address := esdbtest.Serve(t, database, "127.0.0.1:0", esdbserver.Options{AllowAnonymous: true, Writable: true})
	var err error
	if w.to, err = eventstoredb.Open(eventstoredb.Options{URL: "esdb://" + address + "?tls=false"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.to.Close() })
	return w
}

// append adds a few events to the source.
func (w *world) append(t *testing.T, stream eventstore.StreamName, expected eventstore.Expected, count int) {
	t.Helper()
	ids := eventstore.Cause(stream, fmt.Sprint(expected))
	events := make([]eventstore.Event, count)
	for i := range events {
		events[i] = eventstore.Event{
			ID: ids.ID(eventstore.Revision(i)), Type: "ThingHappened", Schema: 1 + i,
			Data: fmt.Appendf(nil, `{ "index" : %d }`, i), Metadata: []byte(`{"actor":"test"}`),
		}
	}
	if _, err := w.from.Append(t.Context(), stream, expected, events...); err != nil {
		t.Fatal(err)
	}
}

func (w *world) run(ctx context.Context) (copylog.Progress, error) {
	return copylog.Run(ctx, copylog.Options{From: w.from, To: w.to})
}

// all returns a log without its positions, which are the store's own.
func all(t *testing.T, log eventstore.Reader) []eventstore.Recorded {
	t.Helper()
	var events []eventstore.Recorded
	for e, err := range log.ReadAll(t.Context(), 0, eventstore.WithMetadata) {
		if err != nil {
			t.Fatal(err)
		}
		e.Position = 0
		events = append(events, e)
	}
	return events
}

func (w *world) same(t *testing.T) {
	t.Helper()
	if diff := cmp.Diff(all(t, w.from), all(t, w.to)); diff != "" {
		t.Errorf("the copy differs (-source +target):\n%s", diff)
	}
	from, err := eventstore.LogID(t.Context(), w.from)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := eventstore.LogID(t.Context(), w.to); err != nil || from != to {
		t.Errorf("the copy has the id %s, the source %s: %v", to, from, err)
	}
}

func TestACopyIsTheSameLog(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		stream := eventstore.StreamName(fmt.Sprint("test-", i%7))
		expected := eventstore.NoStream
		if i >= 7 {
			expected = eventstore.At(eventstore.Revision(3*(i/7) - 1))
		}
		w.append(t, stream, expected, 3)
	}
	result, err := w.run(t.Context())
	if err != nil || result.Copied != 91 || result.Compared != 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	w.same(t)
	w.append(t, "test-more", eventstore.NoStream, 5)
	if result, err = w.run(t.Context()); err != nil || result.Copied != 5 || result.Compared != 91 {
		t.Errorf("once more: %+v, %v", result, err)
	}
	w.same(t)
}

// unsteady is a target that fails after some appends, once before it writes and
// once after.
type unsteady struct {
	*eventstoredb.Store
	left int
	lose bool // the answer of the append that fails
}

var errUnsteady = errors.New("the network is down")

func (u *unsteady) Import(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Recorded) (eventstore.Appended, error) {
	if u.left--; u.left >= 0 {
		return u.Store.Import(ctx, stream, expected, events...)
	}
	if u.lose {
		if _, err := u.Store.Import(ctx, stream, expected, events...); err != nil {
			return eventstore.Appended{}, err
		}
	}
	return eventstore.Appended{}, errUnsteady
}

func TestAnInterruptedCopyGoesOn(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.append(t, eventstore.StreamName(fmt.Sprint("test-", i)), eventstore.NoStream, 2)
	}
	var copied uint64
	for i := 0; ; i++ {
		target := &unsteady{Store: w.to, left: 3, lose: i%2 == 0}
		result, err := copylog.Run(t.Context(), copylog.Options{From: w.from, To: target})
		if result.Compared < copied {
			t.Errorf("run %d compares %d events, there were %d", i, result.Compared, copied)
		}
		copied = result.Compared + result.Copied
		if err == nil {
			break
		}
		if !errors.Is(err, errUnsteady) || i > 20 {
			t.Fatal(err)
		}
	}
	w.same(t)
}

// edited is a source in which an event is not what it was.
type edited struct {
	eventstore.Reader
	edit func(*eventstore.Recorded)
}

func (s edited) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for e, err := range s.Reader.ReadAll(ctx, after, include...) {
			if e.Stream == "test-victim" {
				s.edit(&e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func TestATargetThatHasSomethingElseIsNotWrittenTo(t *testing.T) {
	w := newWorld(t)
	w.append(t, "test-victim", eventstore.NoStream, 1)
	if _, err := w.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.append(t, "test-later", eventstore.NoStream, 1)
	before := all(t, w.to)
	for name, edit := range map[string]func(*eventstore.Recorded){
		"id":       func(e *eventstore.Recorded) { e.ID[0]++ },
		"stream":   func(e *eventstore.Recorded) { e.Stream = "test-other" },
		"type":     func(e *eventstore.Recorded) { e.Type = "Other" },
		"data":     func(e *eventstore.Recorded) { e.Data = []byte(`{}`) },
		"metadata": func(e *eventstore.Recorded) { e.Metadata = []byte(`{}`) },
	} {
		_, err := copylog.Run(t.Context(), copylog.Options{From: edited{w.from, edit}, To: w.to})
		if !errors.Is(err, copylog.ErrDiffers) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := copylog.Run(t.Context(), copylog.Options{From: sqlitetest.New(t), To: w.to}); !errors.Is(err, copylog.ErrDiffers) {
		t.Errorf("another log: got %v", err)
	}
	if diff := cmp.Diff(before, all(t, w.to)); diff != "" {
		t.Errorf("the target was written to:\n%s", diff)
	}
	events := all(t, w.from)
	if _, err := w.to.Append(t.Context(), "test-ahead", eventstore.NoStream, eventstore.Event{
		ID: events[1].ID, Type: "ThingHappened", Schema: 1, Data: []byte(`{}`), Metadata: []byte(`{}`),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run(t.Context()); !errors.Is(err, copylog.ErrDiffers) {
		t.Errorf("a target that was written to: got %v", err)
	}
}

// TestACopyOfASandboxLogIsOne: whoever opens it as a live log is refused.
func TestACopyOfASandboxLogIsOne(t *testing.T) {
	w := newWorld(t)
	w.from = sqlitetest.Open(t, sqlitestore.Options{Directory: t.TempDir(), Sandbox: true})
	w.append(t, "test-1", eventstore.NoStream, 3)
	if _, err := w.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all(t, w.from), all(t, w.to)); diff != "" {
		t.Errorf("the copy differs (-source +target):\n%s", diff)
	}
	if _, err := eventstore.LogID(t.Context(), w.to); !errors.Is(err, eventstore.ErrSandboxLog) {
		t.Errorf("opened as a live log: %v", err)
	}
}
