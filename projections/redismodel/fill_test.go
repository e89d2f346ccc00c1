package redismodel_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/projections/follow"
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
	if got := server.Client().DBSize(t.Context()).Val(); got != int64(keys)+3 { // checkpoint, sum and set of keys
		t.Errorf("there are %d keys, want %d and three", got, keys)
	}
}

func TestBatchesThatArePutTogetherWhileOthersAreWritten(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	model := redismodel.NewModel(store, redismodel.Filling(1), "orders", redismodel.KindOrder, redismodel.KindEntries)
	if _, err := model.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	to := follow.Checkpoint{LogID: "x", Position: 9, Fold: 1}
	if err := model.Fill(t.Context(), follow.Checkpoint{}, to, batches(9, nil)); err != nil {
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
	to := follow.Checkpoint{LogID: "x", Position: 9, Fold: 1}
	if err := model.Fill(t.Context(), follow.Checkpoint{}, to, batches(4, fault)); !errors.Is(err, fault) {
		t.Fatalf("it is told %v", err)
	}
	checkBatches(t, server, store, 4)
	if got, err := model.Load(t.Context()); got != (follow.Checkpoint{}) || err != nil {
		t.Errorf("the checkpoint is %+v, error %v", got, err)
	}
	if model.IsFresh() {
		t.Error("nothing shows that something was written")
	}
}

// Whoever writes to what a filling rests on, between its transactions or behind
// the look at it, ends it, and nothing is written from there on.
func TestAFillingEndsWhenSomebodyElseWrites(t *testing.T) {
	for name, write := range map[string]func(*redistest.Server, *redismodel.Store) error{
		"the checkpoint": func(server *redistest.Server, store *redismodel.Store) error {
			return server.Client().Set(t.Context(), store.Key(2, redismodel.KindCheckpoint, "orders"), "other", 0).Err()
		},
		"the generation": func(server *redistest.Server, store *redismodel.Store) error {
			return server.Client().Set(t.Context(), store.CurrentKey(), "7", 0).Err()
		},
		"the sum": func(server *redistest.Server, store *redismodel.Store) error {
			return server.Client().Incr(t.Context(), store.Key(2, redismodel.KindSum, "orders")).Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			store := server.Store(t)
			model := redismodel.NewModel(store, redismodel.Filling(1), "orders", redismodel.KindOrder, redismodel.KindEntries)
			if _, err := model.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			const whole = 3 // batches before; the one before the last of them is written, then
			made, written := 0, int64(0)
			next := batches(9, nil)
			err := model.Fill(t.Context(), follow.Checkpoint{}, follow.Checkpoint{LogID: "x", Position: 9, Fold: 1},
				func(b *redismodel.Batch) (isLast bool, err error) {
					if made++; made == whole {
						if err := write(server, store); err != nil {
							t.Error(err)
						}
						written = server.Client().DBSize(t.Context()).Val()
					}
					return next(b)
				})
			if !errors.Is(err, follow.ErrCheckpointMoved) && !errors.Is(err, redismodel.ErrSwitched) && !errors.Is(err, redismodel.ErrTorn) {
				t.Errorf("it is told %v", err)
			}
			if got := server.Client().DBSize(t.Context()).Val(); got != written {
				t.Errorf("%d keys are written behind it", got-written)
			}
		})
	}
}

// A command that fails in a transaction leaves the others written: the model
// cannot be used, and says so.
func TestAFillingThatIsHalfWrittenCannotBeUsed(t *testing.T) {
	server := redistest.Start(t)
	store := server.Store(t)
	model := redismodel.NewModel(store, redismodel.Filling(1), "orders", redismodel.KindOrder, redismodel.KindEntries)
	if _, err := model.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Client().Set(t.Context(), store.Key(2, redismodel.KindEntries, "1-5"), "no list", 0).Err(); err != nil {
		t.Fatal(err)
	}
	to := follow.Checkpoint{LogID: "x", Position: 9, Fold: 1}
	if err := model.Fill(t.Context(), follow.Checkpoint{}, to, batches(4, nil)); !errors.Is(err, redismodel.ErrUnusable) || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("it is told %v", err)
	}
	if _, err := model.Load(t.Context()); !errors.Is(err, redismodel.ErrUnusable) {
		t.Errorf("then Load says %v", err)
	}
}
