package redismodel_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestTheNextGenerationIsFilledBesideTheLiveOne(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	store := server.Store(t)
	r := run(t, l, store)
	l.Pay(30)
	r.settle()

	next := balances.NewRedis(store, redismodel.Beside(1))
	if stored, err := next.Load(t.Context()); err != nil || stored != (follow.Checkpoint{}) {
		t.Fatalf("checkpoint is %+v, error %v", stored, err)
	}
	projectiontest.Apply(t, next, projectiontest.Events(t, l))
	l.Pay(3)
	r.settle()
	if current, err := store.Current(t.Context()); err != nil || current != 1 {
		t.Fatalf("current is %s, error %v", current, err)
	}
	if err := store.Switch(t.Context(), 2, 3); !errors.Is(err, redismodel.ErrSwitched) {
		t.Errorf("switching from what is not current says %v", err)
	}
	if err := store.Switch(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"load":  second(next.Load(t.Context())),
		"apply": next.Apply(t.Context(), follow.Checkpoint{LogID: "x", Fold: 1}, follow.Checkpoint{LogID: "y"}, nil),
	} {
		if !errors.Is(err, redismodel.ErrSwitched) {
			t.Errorf("%s behind the switch says %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAGenerationSwitchedUnderRunningProjectorsIsTakenUp(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	store := server.Store(t)
	r := run(t, l, store)
	for g := redismodel.Generation(1); g < 4; g++ {
		l.Pay(10)
		r.settle()
		if err := store.Switch(t.Context(), g, g+1); err != nil {
			t.Fatal(err)
		}
		if g%2 == 0 {
			l.Pay(3)
		}
		r.settle()
		if err := store.Drop(t.Context(), g, nil); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if generations, err := store.Generations(t.Context()); err != nil || !cmp.Equal(generations, []redismodel.Generation{g + 1}) {
			t.Fatalf("generations are %v, error %v", generations, err)
		}
	}
}

func TestDroppingTakesBoundedStepsAndNeverTheCurrentGeneration(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	ctx := t.Context()
	pipe := server.Client().Pipeline()
	const keys = 5000
	for i := range keys {
		pipe.Set(ctx, store.Key(7, redismodel.KindOrder, fmt.Sprint(i)), "x", 0)
	}
	pipe.Set(ctx, "foreign", "x", 0)
	pipe.Set(ctx, store.CurrentKey(), "7", 0)
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if err := store.Drop(ctx, 7, nil); !errors.Is(err, redismodel.ErrSwitched) {
		t.Fatalf("dropping the current generation says %v", err)
	}
	if err := store.Switch(ctx, 7, 8); err != nil {
		t.Fatal(err)
	}
	last, largest := 0, 0
	if err := store.Drop(ctx, 7, func(n int) { largest, last = max(largest, n-last), n }); err != nil {
		t.Fatal(err)
	}
	if last != keys || largest > 1000 {
		t.Errorf("%d keys are deleted, at most %d in a step", last, largest)
	}
	if empty, err := store.IsEmpty(ctx, 7); err != nil || !empty {
		t.Errorf("empty is %v, error %v", empty, err)
	}
	if got := server.Keys(); len(got) != 2 {
		t.Errorf("left are %v", got)
	}
}

func TestWhatIsLeftWithoutACheckpointIsNotCountedAgain(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	store := server.Store(t)
	r := run(t, l, store)
	l.Pay(30)
	r.settle()
	r.stop()
	for _, projection := range []string{"balances", "orders"} {
		if err := server.Client().Del(t.Context(), store.Key(1, redismodel.KindCheckpoint, projection)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Client().HSet(t.Context(), store.Key(1, redismodel.KindBalance, "nobody"), "USD", "1.00").Err(); err != nil {
		t.Fatal(err)
	}
	run(t, l, store).settle()
	if n := server.Client().Exists(t.Context(), store.Key(1, redismodel.KindBalance, "nobody")).Val(); n != 0 {
		t.Error("what nobody has is left")
	}
}

func TestKeysAreListedByKind(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	store := server.StoreAt(t, "{x}")
	r := run(t, l, store)
	l.Pay(3)
	r.settle()
	got := make(map[string]string)
	for key, err := range store.Keys(t.Context(), 1, redismodel.KindEntries) {
		if err != nil {
			t.Fatal(err)
		}
		got[key] = store.Name(key)
	}
	want := map[string]string{"{x}:1:entries:u%2F0": "u%2F0", "{x}:1:entries:u%2F1": "u%2F1", "{x}:1:entries:u%2F2": "u%2F2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheckpointsHaveOneText(t *testing.T) {
	full := follow.Checkpoint{
		LogID: "01J", Position: 1<<63 - 1, Fold: 3, EventID: eventstore.EventID{1, 2}, Stream: "order-coinbase.a%2Fb", Revision: 1<<63 + 7,
	}
	for _, c := range []follow.Checkpoint{{}, full, {LogID: "x", Fold: 1}, {Position: 5}} {
		text, err := redismodel.EncodeCheckpoint(c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := redismodel.DecodeCheckpoint(text); err != nil || got != c {
			t.Errorf("%s is read as %+v, error %v", text, got, err)
		}
	}
	text, _ := redismodel.EncodeCheckpoint(full)
	const want = `{"log":"01J","position":"9223372036854775807","event":"01020000-0000-0000-0000-000000000000","stream":"order-coinbase.a%2Fb","revision":"9223372036854775815","fold":3}`
	if text != want {
		t.Errorf("the text is %s", text)
	}
	for _, other := range []string{" " + text, text + " ", "{}", "3", "unusable: a batch failed halfway"} {
		if _, err := redismodel.DecodeCheckpoint(other); !errors.Is(err, redismodel.ErrUnusable) {
			t.Errorf("%s is read, error %v", other, err)
		}
	}
}
