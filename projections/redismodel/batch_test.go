package redismodel_test

import (
	"fmt"
	"slices"
	"testing"

	"daybook/projections/follow"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// written is a model, and batches that are written to it one after another.
type written struct {
	t      *testing.T
	server *redistest.Server
	store  *redismodel.Store
	model  *redismodel.Model
	from   follow.Checkpoint
}

func newWritten(t *testing.T) *written {
	t.Helper()
	server := redistest.Start(t)
	store := server.Store(t)
	w := &written{t: t, server: server, store: store, model: redismodel.NewModel(store, redismodel.Live(), "things", "thing")}
	var err error
	if w.from, err = w.model.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *written) write(fill func(*redismodel.Batch)) {
	w.t.Helper()
	b := w.model.NewBatch()
	fill(b)
	to := follow.Checkpoint{LogID: "log", Position: w.from.Position + 1, Fold: 1}
	if err := w.model.Write(w.t.Context(), w.from, to, b); err != nil {
		w.t.Fatal(err)
	}
	w.from = to
}

func (w *written) key(name string) string { return w.model.Key(1, "thing", name) }

// members are those of the set of keys.
func (w *written) members() []string {
	members := w.server.Client().SMembers(w.t.Context(), w.model.Key(1, redismodel.KindKeys, "things")).Val()
	slices.Sort(members)
	return members
}

func TestABatchDeletes(t *testing.T) {
	w := newWritten(t)
	w.write(func(b *redismodel.Batch) {
		for _, name := range []string{"a", "b"} {
			b.Text("thing", name, "is there")
			b.Enter("thing", name)
		}
	})
	w.write(func(b *redismodel.Batch) { b.Delete("thing", "a") })
	if got := w.server.Client().Exists(t.Context(), w.key("a"), w.key("b")).Val(); got != 1 {
		t.Errorf("%d keys are there", got)
	}
	if got, want := w.members(), []string{"", "thing:b"}; !slices.Equal(got, want) {
		t.Errorf("the set of keys is %q, want %q", got, want)
	}
	w.write(func(b *redismodel.Batch) { // what was deleted may come again, also within a batch
		b.Delete("thing", "b")
		b.Text("thing", "b", "again")
		b.Enter("thing", "b")
	})
	if got := w.server.Client().Get(t.Context(), w.key("b")).Val(); got != "again" || len(w.members()) != 2 {
		t.Errorf("it is %q, and the set of keys %q", got, w.members())
	}
	if w.model.HasLost() {
		t.Errorf("lost are %q", w.model.Lost(9))
	}
}

func TestAKeyThatIsNotAsItWasWrittenIsLost(t *testing.T) {
	w := newWritten(t)
	w.write(func(b *redismodel.Batch) {
		b.Hash("thing", "hash", 1, "field", "1")
		b.List("thing", "list", 0, "first")
	})
	client := w.server.Client()
	client.HSet(t.Context(), w.key("hash"), "added", "1")
	client.RPush(t.Context(), w.key("list"), "added")
	client.Set(t.Context(), w.key("text"), "of another type", 0)
	w.write(func(b *redismodel.Batch) {
		b.Hash("thing", "hash", 1, "added", "2")
		b.List("thing", "list", 1, "second")
		b.Hash("thing", "text", 1, "field", "1")
		b.Text("thing", "whole", "x")
	})
	lost := w.model.Lost(9)
	slices.Sort(lost)
	if want := []string{"hash", "list", "text"}; !slices.Equal(lost, want) {
		t.Errorf("lost are %q, want %q", lost, want)
	}
	if got := client.Exists(t.Context(), w.key("hash"), w.key("list"), w.key("text"), w.key("whole")).Val(); got != 1 {
		t.Errorf("%d keys are there, want the whole one", got)
	}
}

// A batch of the largest size fits the limits of Redis' scripts.
func TestALargeBatch(t *testing.T) {
	w := newWritten(t)
	values := make([]string, 2*follow.MaxBatch)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	w.write(func(b *redismodel.Batch) {
		b.List("thing", "list", 0, values...)
		b.Hash("thing", "hash", len(values)/2, values...)
		for _, name := range values {
			b.Text("thing", name, name)
			b.Enter("thing", name)
		}
	})
	if got := len(w.members()); got != len(values)+1 {
		t.Errorf("the set of keys has %d members", got)
	}
	w.write(func(b *redismodel.Batch) {
		for _, name := range values {
			b.Delete("thing", name)
		}
	})
	if got := w.members(); len(got) != 1 || w.model.HasLost() {
		t.Errorf("the set of keys is %q, lost are %q", got, w.model.Lost(9))
	}
}
