package redismodel_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/projections"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// batches puts together batches of orders and of entries in turn, so that what
// one leaves behind in the other would show.
func batches(n int, fault error) (next func(*redismodel.Batch) (bool, error)) {
	made := 0
	return func(b *redismodel.Batch) (isLast bool, err error) {
		if made == n {
			return false, fault
		}
		for i := range 700 + 100*(made%3) {
			if made%2 == 0 {
				b.Text(redismodel.KindOrder, fmt.Sprintf("%d-%d", made, i))
			} else {
				b.List(redismodel.KindEntries, fmt.Sprintf("%d-%d", made, i))
			}
			b.Value(fmt.Sprintf("%d %d %s", made, i, strings.Repeat("x", i%40)))
		}
		made++
		return made == n && fault == nil, nil
	}
}

func checkBatches(t *testing.T, server *redistest.Server, store *redismodel.Store, n int) {
	t.Helper()
	keys := 0
	for batch := range n {
		for i := range 700 + 100*(batch%3) {
			want, name := fmt.Sprintf("%d %d %s", batch, i, strings.Repeat("x", i%40)), fmt.Sprintf("%d-%d", batch, i)
			var got string
			if batch%2 == 0 {
				got = server.Client().Get(t.Context(), store.Key(2, redismodel.KindOrder, name)).Val()
			} else {
				got = strings.Join(server.Client().LRange(t.Context(), store.Key(2, redismodel.KindEntries, name), 0, -1).Val(), "+")
			}
			if got != want {
				t.Fatalf("key %s is %q, want %q", name, got, want)
			}
			keys++
		}
	}
	if got := server.Client().DBSize(t.Context()).Val(); got != int64(keys)+2 { // checkpoint and sum
		t.Errorf("there are %d keys, want %d and two", got, keys)
	}
}

func TestBatchesThatArePutTogetherWhileOthersAreWritten(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	model := redismodel.NewModel(store, redismodel.Filling(1), "orders", redismodel.KindOrder, redismodel.KindEntries)
	if _, err := model.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	to := projections.Checkpoint{LogID: "x", Position: 9, Fold: 1}
	if err := model.Fill(t.Context(), projections.Checkpoint{}, to, batches(9, nil)); err != nil {
		t.Fatal(err)
	}
	checkBatches(t, server, store, 9)
	if got, err := model.Load(t.Context()); got != to || err != nil {
		t.Errorf("the checkpoint is %+v, error %v", got, err)
	}
}

// A batch that cannot be put together breaks off behind the one before, which
// was being written: the model stands where it began, and says what it has.
func TestABatchThatCannotBePutTogetherEndsAFilling(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	model := redismodel.NewModel(store, redismodel.Filling(1), "orders", redismodel.KindOrder, redismodel.KindEntries)
	if _, err := model.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	fault := errors.New("injected fault")
	to := projections.Checkpoint{LogID: "x", Position: 9, Fold: 1}
	if err := model.Fill(t.Context(), projections.Checkpoint{}, to, batches(4, fault)); !errors.Is(err, fault) {
		t.Fatalf("it is told %v", err)
	}
	checkBatches(t, server, store, 4)
	if got, err := model.Load(t.Context()); got != (projections.Checkpoint{}) || err != nil {
		t.Errorf("the checkpoint is %+v, error %v", got, err)
	}
	if model.IsFresh() {
		t.Error("nothing shows that something was written")
	}
}
