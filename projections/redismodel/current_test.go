package redismodel_test

import (
	"context"
	"fmt"
	"testing"

	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"

	"github.com/redis/go-redis/v9"
)

// A start, and whoever deletes current, lead to the generation that was read.
func TestTheLikeliestGenerationIsSetWhereNoneIsKnown(t *testing.T) {
	for name, damage := range map[string]func(c *redis.Client, r *running){
		"it is no number at a start": func(c *redis.Client, r *running) {
			r.stop()
			c.Set(context.Background(), "{x}:current", "x", 0)
		},
		"it is a list at a start": func(c *redis.Client, r *running) {
			r.stop()
			c.Del(context.Background(), "{x}:current")
			c.RPush(context.Background(), "{x}:current", "x")
		},
		"it is deleted at a start": func(c *redis.Client, r *running) {
			r.stop()
			c.Del(context.Background(), "{x}:current")
		},
		"it is deleted": func(c *redis.Client, r *running) { c.Del(context.Background(), "{x}:current") },
	} {
		t.Run(name, func(t *testing.T) {
			l, server := projectiontest.NewLog(t), redistest.Start(t)
			store := server.StoreAt(t, "{x}")
			if err := store.Switch(t.Context(), 1, 2); err != nil {
				t.Fatal(err)
			}
			r := run(t, l, store)
			l.Pay(9)
			r.settle()
			until(t, "marked whole", func() bool {
				return server.Client().Exists(t.Context(), "{x}:2:whole:balances", "{x}:2:whole:orders").Val() == 2
			})
			damage(server.Client(), r)
			l.Pay(3)
			again := run(t, l, store)
			again.heal()
			if current := server.Client().Get(t.Context(), "{x}:current").Val(); current != "2" {
				t.Errorf("current is %q", current)
			}
			if all, err := store.Generations(t.Context()); err != nil || len(all) != 1 || all[0] != 2 {
				t.Errorf("there are generations %v, error %v", all, err)
			}
			if n := again.all[0].Status().Applied; n > 6 {
				t.Errorf("%d events are applied, of 6 new ones", n)
			}
		})
	}
}

func TestLikeliestIsTheNewestGenerationThatIsWhole(t *testing.T) {
	r := filled(t, 9)
	client := r.server.Client()
	until(t, "marked whole", func() bool { return client.Exists(t.Context(), "{x}:1:whole:balances").Val() == 1 })
	r.stop()
	client.Del(t.Context(), "{x}:1:checkpoint:orders")
	copied := func(g int, kinds ...string) {
		t.Helper()
		for _, kind := range kinds {
			if err := client.Copy(t.Context(), "{x}:1:"+kind+":balances", fmt.Sprintf("{x}:%d:%s:balances", g, kind), 0, true).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	likeliest := func(when string, want redismodel.Generation) {
		t.Helper()
		if got, err := r.store.Likeliest(t.Context()); err != nil || got != want {
			t.Errorf("%s it is %s, error %v, want %s", when, got, err, want)
		}
	}
	copied(2, "checkpoint", "sum")
	client.Set(t.Context(), "{x}:3:checkpoint:balances", "filling ABC 3 ", 0)
	likeliest("before a first rebuild has switched", 1)
	client.Rename(t.Context(), "{x}:1:checkpoint:balances", "{x}:1:checkpoint:orders")
	likeliest("before it while balances are filled again", 1)
	client.Rename(t.Context(), "{x}:1:checkpoint:orders", "{x}:1:checkpoint:balances")
	client.Rename(t.Context(), "{x}:1:checkpoint:balances", "elsewhere")
	likeliest("before it and without a serve", 1)
	client.Rename(t.Context(), "elsewhere", "{x}:1:checkpoint:balances")
	client.Set(t.Context(), "{x}:current", "x", 0)
	likeliest("beside one that is filled", 1)
	copied(2, "whole")
	likeliest("beside one that is proven", 2)
	client.Del(t.Context(), "{x}:1:whole:balances", "{x}:2:whole:balances")
	likeliest("without one that is whole", 2)
	client.Del(t.Context(), "{x}:1:checkpoint:balances", "{x}:2:checkpoint:balances")
	likeliest("beside a mark", 3)
	client.Del(t.Context(), "{x}:3:checkpoint:balances")
	likeliest("without a checkpoint", 1)
}
