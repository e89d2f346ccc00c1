package redismodel_test

import (
	"fmt"
	"testing"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"

	"github.com/redis/go-redis/v9"
)

// What somebody writes between the two looks of a read is written here by the
// commands of the read itself.
func TestAReadIsRepeatedWhenTheModelHasChangedUnderIt(t *testing.T) {
	for _, batches := range []int{0, 1, 4} {
		t.Run(fmt.Sprint(batches, " batches"), func(t *testing.T) {
			server := redistest.Start(t)
			store := server.Store(t)
			model := redismodel.NewModel(store, redismodel.Live(), "balances", redismodel.KindBalance)
			reads := 0
			var found *redis.StringCmd
			view, err := model.ReadAlone(t.Context(), func(p redis.Pipeliner, g redismodel.Generation) {
				found = p.Get(t.Context(), store.Key(g, redismodel.KindBalance, "u1"))
				if reads++; reads <= batches {
					pretendBatch(t, p, store, g, reads)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if reads != batches+1 {
				t.Errorf("it reads %d times, want %d", reads, batches+1)
			}
			if view.Checkpoint.Position != eventstore.Position(batches) {
				t.Errorf("it says that it is of position %s, want %d", view.Checkpoint.Position, batches)
			}
			if batches > 0 && found.Val() != fmt.Sprint(batches) {
				t.Errorf("it has read %q, want what batch %d wrote", found.Val(), batches)
			}
		})
	}
}

// pretendBatch writes what a batch of one event would.
func pretendBatch(t *testing.T, p redis.Pipeliner, store *redismodel.Store, g redismodel.Generation, position int) {
	t.Helper()
	text, err := redismodel.EncodeCheckpoint(follow.Checkpoint{LogID: "x", Position: eventstore.Position(position), Fold: 1})
	if err != nil {
		t.Fatal(err)
	}
	p.Set(t.Context(), store.Key(g, redismodel.KindSum, "balances"), position, 0)
	p.Set(t.Context(), store.Key(g, redismodel.KindBalance, "u1"), position, 0)
	p.Set(t.Context(), store.Key(g, redismodel.KindCheckpoint, "balances"), text, 0)
}
