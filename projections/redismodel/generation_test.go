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
	r := filled(t, 30)

	next := balances.NewRedis(r.store, redismodel.Beside(1))
	if stored, err := next.Load(t.Context()); err != nil || stored != (follow.Checkpoint{}) {
		t.Fatalf("checkpoint is %+v, error %v", stored, err)
	}
	projectiontest.Apply(t, next, projectiontest.Events(t, r.log))
	r.log.Pay(3)
	r.settle()
	if current, err := r.store.Current(t.Context()); err != nil || current != 1 {
		t.Fatalf("current is %s, error %v", current, err)
	}
	if err := r.store.Switch(t.Context(), 2, 3); !errors.Is(err, redismodel.ErrSwitched) {
		t.Errorf("switching from what is not current says %v", err)
	}
	if err := r.store.Switch(t.Context(), 1, 2); err != nil {
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
	r := start(t)
	for g := redismodel.Generation(1); g < 4; g++ {
		r.log.Pay(10)
		r.settle()
		if err := r.store.Switch(t.Context(), g, g+1); err != nil {
			t.Fatal(err)
		}
		if g%2 == 0 {
			r.log.Pay(3)
		}
		r.settle()
		if err := r.store.Drop(t.Context(), g, nil); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if generations, err := r.store.Generations(t.Context()); err != nil || !cmp.Equal(generations, []redismodel.Generation{g + 1}) {
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
	r := filled(t, 30)
	r.stop()
	for _, projection := range []string{"balances", "orders"} {
		if err := r.server.Client().Del(t.Context(), r.store.Key(1, redismodel.KindCheckpoint, projection)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.server.Client().HSet(t.Context(), r.store.Key(1, redismodel.KindBalance, "nobody"), "USD", "1.00").Err(); err != nil {
		t.Fatal(err)
	}
	run(t, r.log, r.store).settle()
	if n := r.server.Client().Exists(t.Context(), r.store.Key(1, redismodel.KindBalance, "nobody")).Val(); n != 0 {
		t.Error("what nobody has is left")
	}
}

func TestKeysAreListedByKind(t *testing.T) {
	r := filled(t, 3)
	got := make(map[string]string)
	for key, err := range r.store.Keys(t.Context(), 1, redismodel.KindEntries) {
		if err != nil {
			t.Fatal(err)
		}
		got[key] = r.store.Name(key)
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
