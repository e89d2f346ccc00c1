package redismodel_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/domain/order"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"

	"github.com/redis/go-redis/v9"
)

// damages are what somebody may do to the keys of one user or order.
var damages = map[string]struct {
	kind string
	do   func(ctx context.Context, c *redis.Client, key string) error
}{
	"a balance is deleted":  {"balance", del},
	"entries are deleted":   {"entries", del},
	"an order is deleted":   {"order", del},
	"a balance expires":     {"balance", expire},
	"entries expire":        {"entries", expire},
	"an order expires":      {"order", expire},
	"a balance is renamed":  {"balance", rename},
	"entries are renamed":   {"entries", rename},
	"an order is renamed":   {"order", rename},
	"a balance is a text":   {"balance", replaceBy("set", "x")},
	"a balance is a list":   {"balance", replaceBy("rpush", "x")},
	"entries are a text":    {"entries", replaceBy("set", "x")},
	"entries are a hash":    {"entries", replaceBy("hset", "x", "y")},
	"an order is a hash":    {"order", replaceBy("hset", "x", "y")},
	"an order is no JSON":   {"order", replaceBy("set", "x")},
	"a balance has nothing": {"balance", replaceBy("hset", "position", "1")},
	"a balance has no position": {"balance", func(ctx context.Context, c *redis.Client, key string) error {
		return c.HDel(ctx, key, "position").Err()
	}},
	"a balance is no amount": {"balance", func(ctx context.Context, c *redis.Client, key string) error {
		return c.HSet(ctx, key, "USD", "much").Err()
	}},
	"an entry is none": {"entries", func(ctx context.Context, c *redis.Client, key string) error {
		return c.LSet(ctx, key, -1, "x").Err()
	}},
}

func del(ctx context.Context, c *redis.Client, key string) error { return c.Del(ctx, key).Err() }

func expire(ctx context.Context, c *redis.Client, key string) error {
	err := c.PExpire(ctx, key, 1).Err()
	for err == nil {
		var left time.Duration
		if left, err = c.PTTL(ctx, key).Result(); left < 0 { // it is gone, or was made again
			break
		}
	}
	return err
}

func rename(ctx context.Context, c *redis.Client, key string) error {
	return c.Rename(ctx, key, key+"-elsewhere").Err()
}

func replaceBy(command string, values ...any) func(context.Context, *redis.Client, string) error {
	return func(ctx context.Context, c *redis.Client, key string) error {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, key)
			return p.Do(ctx, append([]any{command, key}, values...)...).Err()
		})
		return err
	}
}

// heal reads everything until it is answered, and then compares it. Until then
// only that it is being made again may be said: what is read is right.
func (r *running) heal() {
	r.t.Helper()
	until(r.t, "whole", func() bool {
		for i := range 3 {
			user := fmt.Sprintf("u/%d", i)
			b, err := r.balances.Balance(r.t.Context(), user)
			if isMending(r.t, err) || b.Position < r.log.Last() {
				return false
			}
			if _, err := r.balances.Entries(r.t.Context(), user, 0, 1000); isMending(r.t, err) {
				return false
			}
		}
		for i := range r.log.Paid() {
			o, err := r.orders.Order(r.t.Context(), order.NewID("coinbase", fmt.Sprint(i+1)))
			if errors.Is(err, orders.ErrNotFound) && o.Position < r.log.Last() || isMending(r.t, err) || o.Position < r.log.Last() {
				return false
			}
		}
		return true
	})
	r.check()
	for _, p := range r.all {
		until(r.t, "known to be whole", func() bool { return p.Status().Mending == "" && p.Status().Err == nil })
	}
}

func isMending(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && !errors.Is(err, follow.ErrMending) && !errors.Is(err, follow.ErrUnreachable) {
		t.Fatal(err)
	}
	return err != nil
}

func TestWhatIsDamagedIsMadeAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("one damage after another: the others run for the race detector")
	}
	server := redistest.Start(t)
	for name, damage := range damages {
		for _, pays := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, and a payment comes first is %v", name, pays), func(t *testing.T) {
				l, store := projectiontest.NewLog(t), server.Store(t)
				r := run(t, l, store)
				l.Pay(9)
				r.settle()
				key := store.Key(1, damage.kind, map[string]string{"balance": "u%2F1", "entries": "u%2F1", "order": "coinbase.7"}[damage.kind])
				if err := damage.do(t.Context(), server.Client(), key); err != nil {
					t.Fatal(err)
				}
				if b, err := r.balances.Balance(t.Context(), "u/2"); err != nil || len(b.Currencies) != 1 {
					t.Errorf("another user has %+v, error %v", b, err)
				}
				if pays {
					l.Pay(9)
				}
				r.heal()
				l.Pay(3)
				r.heal()
				for _, p := range r.all {
					if n := p.Status().Applied; n > uint64(l.Last()) {
						t.Errorf("%s has applied %d events of %s", p.Status().Name, n, l.Last())
					}
				}
			})
		}
	}
}

// A projector that has nothing in memory begins with what Redis has.
func TestWhatWasDamagedBeforeAStartIsMadeAgain(t *testing.T) {
	server := redistest.Start(t)
	for name, damage := range damages {
		for _, pays := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, and a payment comes first is %v", name, pays), func(t *testing.T) {
				l, store := projectiontest.NewLog(t), server.Store(t)
				r := run(t, l, store)
				l.Pay(9)
				r.settle()
				r.stop()
				key := store.Key(1, damage.kind, map[string]string{"balance": "u%2F1", "entries": "u%2F1", "order": "coinbase.7"}[damage.kind])
				if err := damage.do(t.Context(), server.Client(), key); err != nil {
					t.Fatal(err)
				}
				if pays {
					l.Pay(9)
				}
				run(t, l, store).heal()
			})
		}
	}
}

// What is only read beyond memory, nobody asks for: a page a second finds it.
func TestWhatNobodyReadsIsMadeAgain(t *testing.T) {
	r := filled(t, 9)
	keys := []string{r.store.Key(1, "balance", "u%2F1"), r.store.Key(1, "entries", "u%2F2"), r.store.Key(1, "order", "coinbase.7")}
	if err := r.server.Client().Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "made again", func() bool { return r.server.Client().Exists(t.Context(), keys...).Val() == int64(len(keys)) })
	r.heal()
}

// evict fills Redis beyond its memory with nothing that is daybook's, so that
// it evicts keys under a policy that daybook would refuse.
func evict(t *testing.T, server *redistest.Server, kept func() bool) {
	t.Helper()
	client, ctx := server.Client(), t.Context()
	set := func(name, value string) {
		t.Helper()
		if err := client.ConfigSet(ctx, name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	set("maxmemory-policy", "allkeys-random")
	for bytes := int64(4 << 20); kept(); bytes -= 2 << 10 {
		set("maxmemory", fmt.Sprint(bytes))
		client.Set(ctx, "somebody's", "x", 0)
	}
	set("maxmemory", "0")
	set("maxmemory-policy", "noeviction")
	client.Del(ctx, "somebody's")
}

// models returns how many keys of users and orders there are.
func models(t *testing.T, server *redistest.Server) int {
	n := 0
	for _, key := range server.Client().Keys(t.Context(), "*").Val() {
		if strings.Contains(key, ":balance:") || strings.Contains(key, ":entries:") || strings.Contains(key, ":order:") {
			n++
		}
	}
	return n
}

func TestEvictionsWhileNobodyLooksAreFound(t *testing.T) {
	for name, between := range map[string]func(*redistest.Server){
		"while daybook is down": func(*redistest.Server) {},
		"and Redis is started again": func(s *redistest.Server) {
			s.Client().Save(context.Background())
			s.Restart("--dbfilename", "dump.rdb")
		},
		"and its statistics are reset":              func(s *redistest.Server) { s.Client().Save(context.Background()); s.Stop(); s.Restart() },
		"and a replica that has it too is promoted": func(s *redistest.Server) {},
	} {
		t.Run(name, func(t *testing.T) {
			r := filled(t, 60)
			all := models(t, r.server)
			r.stop()
			evict(t, r.server, func() bool { return models(t, r.server) > all*2/3 })
			between(r.server)
			again := run(t, r.log, r.server.StoreAt(t, "{x}"))
			until(t, "whole, without being read,", func() bool { return models(t, r.server) == all })
			again.heal()
		})
	}
}

func TestEvictionsUnderARunningProjectorAreFound(t *testing.T) {
	r := filled(t, 60)
	all := models(t, r.server)
	evict(t, r.server, func() bool { return models(t, r.server) > all*2/3 })
	r.log.Pay(6)
	r.heal()
}

// Nothing is folded again, and nobody is told that something is wrong, when
// Redis comes back with all it had.
func TestARestartThatLosesNothingCostsNoRefill(t *testing.T) {
	r := filled(t, 20, "--appendonly", "yes")
	mark := func() string { return r.server.Client().Get(t.Context(), "{x}:1:whole:balances").Val() }
	until(t, "marked", func() bool { return mark() != "" })
	before := mark()
	r.server.Kill()
	r.server.Restart()
	until(t, "marked again", func() bool { return mark() != "" && mark() != before })
	r.heal()
	for _, p := range r.all {
		if n := p.Status().Applied; n != uint64(r.log.Last()) {
			t.Errorf("%s has applied %d events of %s", p.Status().Name, n, r.log.Last())
		}
	}
	r.stop()
	again := run(t, r.log, r.store)
	again.heal()
	if n := again.all[0].Status().Applied + again.all[1].Status().Applied; n != 0 {
		t.Errorf("after a start %d events are applied", n)
	}
}

// What the model keeps of itself may be damaged too.
func TestAModelThatCannotBeGoneOnWithIsFilledAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("one damage after another: the others run for the race detector")
	}
	server := redistest.Start(t)
	for name, command := range map[string][]any{
		"the set of keys is deleted":         {"DEL", "P:1:keys:balances"},
		"the set of orders is deleted":       {"DEL", "P:1:keys:orders"},
		"the set of keys is begun anew":      {"EVAL", "redis.call('DEL', KEYS[1]) redis.call('SADD', KEYS[1], 'x')", 1, "P:1:keys:balances"},
		"the set of keys is a text":          {"SET", "P:1:keys:balances", "x"},
		"the checkpoint is deleted":          {"DEL", "P:1:checkpoint:balances"},
		"the checkpoint is none":             {"SET", "P:1:checkpoint:orders", "x"},
		"the checkpoint is empty":            {"SET", "P:1:checkpoint:orders", ""},
		"the checkpoint is a list":           {"EVAL", "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'x')", 1, "P:1:checkpoint:balances"},
		"the sum is deleted":                 {"DEL", "P:1:sum:balances"},
		"the sum is another":                 {"INCR", "P:1:sum:orders"},
		"the sum is a list":                  {"EVAL", "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'x')", 1, "P:1:sum:balances"},
		"current is no number":               {"SET", "P:current", "abc"},
		"current is a number with a sign":    {"SET", "P:current", "+1"},
		"current is a list":                  {"EVAL", "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], '1')", 1, "P:current"},
		"current is empty":                   {"SET", "P:current", ""},
		"current is a number that is none":   {"SET", "P:current", "99999999999999999999"},
		"that it is whole is another's list": {"EVAL", "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], '1')", 1, "P:1:whole:balances"},
	} {
		for _, pays := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, and a payment comes first is %v", name, pays), func(t *testing.T) {
				l := projectiontest.NewLog(t)
				prefix := "{" + strings.NewReplacer(" ", "-", "'", "-").Replace(name) + fmt.Sprint(pays) + "}"
				r := run(t, l, server.StoreAt(t, prefix))
				l.Pay(9)
				r.settle()
				arguments := slices.Clone(command)
				for i, a := range arguments {
					if text, ok := a.(string); ok {
						arguments[i] = strings.Replace(text, "P:", prefix+":", 1)
					}
				}
				if err := server.Client().Do(t.Context(), arguments...).Err(); err != nil && !errors.Is(err, redis.Nil) {
					t.Fatal(err)
				}
				if pays {
					l.Pay(9)
				}
				r.heal()
				l.Pay(3)
				r.heal()
			})
		}
	}
}

// A current that is none leads back to the generation that was read.
func TestACurrentGenerationThatIsNoneIsTheOneBefore(t *testing.T) {
	for _, damage := range []string{"abc", "list"} {
		l, server := projectiontest.NewLog(t), redistest.Start(t)
		store := server.StoreAt(t, "{x}")
		if err := store.Switch(t.Context(), 1, 3); err != nil {
			t.Fatal(err)
		}
		r := run(t, l, store)
		l.Pay(9)
		r.settle()
		client := server.Client()
		if damage == "list" {
			client.Del(t.Context(), "{x}:current")
			client.RPush(t.Context(), "{x}:current", "x")
		} else {
			client.Set(t.Context(), "{x}:current", damage, 0)
		}
		until(t, "set again", func() bool { return client.Get(t.Context(), "{x}:current").Val() == "3" })
		l.Pay(3)
		r.heal()
		if n := r.all[0].Status().Applied; n != uint64(l.Last()) {
			t.Errorf("%d events of %s were applied", n, l.Last())
		}
	}
}

// A batch whose script is not allowed what it needs is half written; the right
// comes back, and nobody has to do anything.
func TestARightThatIsMissingForAWhile(t *testing.T) {
	for _, right := range []string{"hset", "rpush", "set", "sadd", "incrby", "evalsha", "get", "mget", "info", "smismember", "unlink"} {
		t.Run(right, func(t *testing.T) {
			t.Parallel()
			l, server := projectiontest.NewLog(t), redistest.Start(t)
			rules := strings.Fields(rights(t))[2:]
			user := func(rules ...string) {
				t.Helper()
				if err := server.Client().ACLSetUser(t.Context(), "daybook", rules...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			user(rules...)
			store := redistest.Connect(t, redismodel.Options{URL: "redis://daybook:" + password + "@" + server.Address})
			r := run(t, l, store)
			l.Pay(9)
			r.settle()
			user("-" + right)
			l.Pay(9)
			if right != "unlink" { // which only mending needs
				until(t, "reported", func() bool {
					return slices.ContainsFunc(r.all, func(p *projectiontest.Running) bool {
						var fault *follow.Fault
						return errors.As(p.Status().Err, &fault) && errors.Is(fault, follow.ErrUnreachable) && strings.Contains(fault.Reason, "lacks a right")
					})
				})
			}
			user("+" + right)
			r.heal()
		})
	}
}

// A model that cannot be gone on with, and that is another log's, is left alone.
func TestAnotherLogsModelIsNotFilledAgain(t *testing.T) {
	r := filled(t, 9)
	r.stop()
	r.server.Client().Incr(t.Context(), "{x}:1:sum:balances")
	r.server.Client().Del(t.Context(), "{x}:1:keys:orders")
	before := maps.Collect(keysOf(t, r.server))

	other := projectiontest.NewLog(t)
	other.Pay(20)
	refused := run(t, other, r.store)
	for _, p := range refused.all {
		until(t, "stopped", func() bool { return p.Status().State == follow.Stopped })
		if err := p.Status().Err; !errors.Is(err, follow.ErrWrongLog) || !strings.Contains(err.Error(), "--redis-prefix") {
			t.Errorf("%s has stopped with %v", p.Status().Name, err)
		}
	}
	if after := maps.Collect(keysOf(t, r.server)); !maps.Equal(before, after) {
		t.Errorf("there was\n%v\nand is\n%v", before, after)
	}
}

// keysOf delivers the keys of a server with what they keep.
func keysOf(t *testing.T, server *redistest.Server) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for _, key := range server.Keys() {
			if !yield(key, server.Client().Dump(t.Context(), key).Val()) {
				return
			}
		}
	}
}

// An error tells those who see no log what to do.
func TestWhyRedisCannotBeReached(t *testing.T) {
	server, cluster := redistest.Start(t), redistest.StartCluster(t)
	for url, want := range map[string]string{
		server.URL() + "/99":                     "no database of the number",
		server.URL() + "?cluster=true":           "leave cluster=true out",
		server.URL() + "?master_name=shop":       "No Sentinel",
		"redis://127.0.0.1:1?master_name=shop":   "No Sentinel",
		"redis://127.0.0.1:1?cluster=true":       "connected to",
		"redis://127.0.0.1:1":                    "connected to",
		"redis://no-such-host.invalid":           "looked up",
		"rediss://" + server.Address:             "TLS",
		"redis://nobody:wrong@" + server.Address: "refuses the user or the password",
		cluster.URL() + "/3":                     "no database but 0",
	} {
		store, err := redismodel.Connect(redismodel.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		l := projectiontest.NewLog(t)
		l.Pay(1)
		r := run(t, l, store)
		for _, p := range r.all {
			until(t, url+" reported", func() bool { return p.Status().Err != nil })
			var fault *follow.Fault
			if err := p.Status().Err; !errors.Is(err, follow.ErrUnreachable) || !errors.As(err, &fault) || !strings.Contains(fault.Reason, want) {
				t.Errorf("%s: %s says %v, and why: %+v", url, p.Status().Name, err, fault)
			}
		}
		r.stop()
	}
}

// A key of somebody else may be there before a user or an order is. The batch
// with their first event leaves them out, and a start that comes before they are
// made again must not take them for unknown.
func TestWhoIsLostWithTheFirstEventIsKnownAfterAStart(t *testing.T) {
	r := filled(t, 2)
	r.stop()
	for _, key := range []string{r.store.Key(1, "balance", "u%2F0"), r.store.Key(1, "order", "coinbase.3")} {
		if err := r.server.Client().Set(t.Context(), key, "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	r.log.Pay(1)
	balance := func() error {
		_, err := balances.NewRedis(r.store, redismodel.Live()).Balance(t.Context(), "u/0")
		return err
	}
	noted := orders.NewRedis(r.store, redismodel.Live())
	read := func(r *orders.Redis) error { return second(r.Order(t.Context(), "coinbase.3")) }
	if err := read(noted); !errors.Is(err, follow.ErrMending) { // which notes it
		t.Fatalf("an order that is no JSON says %v", err)
	}
	projectiontest.Apply(t, balances.NewRedis(r.store, redismodel.Live()), projectiontest.Events(t, r.log))
	projectiontest.Apply(t, noted, projectiontest.Events(t, r.log))
	if err := balance(); !errors.Is(err, follow.ErrMending) {
		t.Errorf("after a start the balance says %v", err)
	}
	if err := read(orders.NewRedis(r.store, redismodel.Live())); !errors.Is(err, follow.ErrMending) {
		t.Errorf("after a start the order says %v", err)
	}
	run(t, r.log, r.store).heal()
}
