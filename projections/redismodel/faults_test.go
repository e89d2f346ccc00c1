package redismodel_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/projections/follow"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

func TestTwoRunnersOnOneRedis(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	first, second := run(t, l, server.StoreAt(t, "{a}")), run(t, l, server.StoreAt(t, "{a}"))
	for range 20 {
		l.Pay(5)
	}
	first.await()
	second.await()
	first.check()
	second.check()
}

func TestAnAnswerThatIsLostCountsNothingTwice(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	l.Pay(5)
	r := run(t, l, redistest.Connect(t, redismodel.Options{URL: proxy.URL()}))
	r.await()
	for i := range 20 {
		proxy.Lose(1 + i%3)
		l.Pay(2)
		r.await()
	}
	proxy.Lose(0)
	r.settle()
	if r.all[0].Status().Retries+r.all[1].Status().Retries == 0 {
		t.Error("no answer was lost")
	}
}

func TestConnectionsThatAreKilledCountNothingTwice(t *testing.T) {
	r := start(t)
	for range 30 {
		r.log.Pay(2)
		if err := r.server.Client().Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
			t.Fatal(err)
		}
	}
	r.await()
	r.settle()
}

func TestAFlushedRedisIsFilledAgain(t *testing.T) {
	r := start(t)
	for range 10 {
		r.log.Pay(3)
		if err := r.server.Client().FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()

	// And when nothing happens that would be written.
	if err := r.server.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	r.settle()
}

func TestAnOlderCopyIsCaughtUp(t *testing.T) {
	r := filled(t, 10)
	if err := r.server.Client().Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(r.server.Directory, "dump.rdb")
	older, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	r.log.Pay(10)
	r.settle()
	r.server.Kill()
	if err := os.WriteFile(dump, older, 0o600); err != nil {
		t.Fatal(err)
	}
	r.server.Restart()
	r.settle()
	r.log.Pay(3)
	r.settle()
}

func TestAnOlderReplicaThatIsPromotedIsCaughtUp(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	r := run(t, l, redistest.Connect(t, redismodel.Options{URL: proxy.URL()}))
	l.Pay(10)
	r.settle()
	replica := server.Replica()
	if err := replica.Client().ReplicaOf(t.Context(), "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	l.Pay(10)
	r.settle()
	proxy.Redirect(replica)
	r.settle()
}

func TestRedisThatIsKilledOrPausedIsWaitedFor(t *testing.T) {
	r := start(t, "--appendonly", "yes")
	for i := range 4 {
		r.log.Pay(3)
		if i%2 == 0 {
			r.server.Kill()
			until(t, "reported", func() bool { return errors.Is(r.all[0].Status().Err, follow.ErrUnreachable) })
			if _, err := r.balances.Balance(t.Context(), "u/1"); !errors.Is(err, follow.ErrUnreachable) {
				t.Errorf("without Redis a read says %v", err)
			}
			r.log.Pay(3)
			r.server.Restart()
		} else {
			r.server.Pause()
			r.log.Pay(3)
			r.server.Resume()
		}
		r.await()
	}
	r.settle()
}

func TestAFullRedisIsRetriedAndNothingIsHalfWritten(t *testing.T) {
	r := filled(t, 10)
	limit := func(bytes string) {
		t.Helper()
		if err := r.server.Client().ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1000")
	r.log.Pay(10)
	until(t, "reported", func() bool {
		err := r.all[0].Status().Err
		return errors.Is(err, follow.ErrUnreachable) && strings.Contains(err.Error(), "OOM")
	})
	before, err := r.balances.Balance(t.Context(), "u/1")
	if err != nil || fmt.Sprint(before.Currencies) != "[{USD 5.00 USD 0.00 USD}]" {
		t.Errorf("while Redis is full the balance is %+v, error %v", before, err)
	}
	limit("0")
	r.settle()
}

// A projector that starts reads in a transaction, of which a full Redis takes
// not even the reads.
func TestAProjectorThatStartsOnAFullRedisSaysSo(t *testing.T) {
	r := filled(t, 10)
	r.stop()
	limit := func(bytes string) {
		t.Helper()
		if err := r.server.Client().ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1000")
	r.log.Pay(10)
	again := run(t, r.log, r.store)
	for _, p := range again.all {
		until(t, "reported", func() bool {
			err := p.Status().Err
			return errors.Is(err, follow.ErrUnreachable) && strings.Contains(err.Error(), "OOM")
		})
	}
	limit("0")
	again.settle()
}

// No connection has to be made anew for it to be noticed.
func TestAPolicyThatIsChangedUnderOpenConnectionsIsRefused(t *testing.T) {
	r := filled(t, 10)
	policy := func(name string) {
		t.Helper()
		if err := r.server.Client().ConfigSet(t.Context(), "maxmemory-policy", name).Err(); err != nil {
			t.Fatal(err)
		}
	}
	policy("allkeys-lru")
	for _, p := range r.all {
		until(t, "reported", func() bool { return errors.Is(p.Status().Err, redismodel.ErrEvicts) })
	}
	if _, err := r.balances.Balance(t.Context(), "u/1"); !errors.Is(err, redismodel.ErrEvicts) || !errors.Is(err, follow.ErrUnreachable) {
		t.Errorf("a read of what may be evicted says %v", err)
	}
	r.log.Pay(10)
	policy("noeviction")
	r.settle()
}

func TestScriptsThatWereFlushedAreSentAgain(t *testing.T) {
	r := start(t)
	for range 5 {
		r.log.Pay(2)
		r.await()
		if err := r.server.Client().ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	for _, p := range r.all {
		if n := p.Status().Retries; n != 0 {
			t.Errorf("%s has tried again %d times", p.Status().Name, n)
		}
	}
}

func TestAnotherLogIsRefused(t *testing.T) {
	r := filled(t, 10)
	r.stop()
	before := r.server.Client().DBSize(t.Context()).Val()

	other := projectiontest.NewLog(t)
	other.Pay(20)
	refused := run(t, other, r.store)
	until(t, "stopped", func() bool {
		return refused.all[0].Status().State == follow.Stopped && refused.all[1].Status().State == follow.Stopped
	})
	for _, p := range refused.all {
		if err := p.Status().Err; !errors.Is(err, follow.ErrWrongLog) || !strings.Contains(err.Error(), "daybook rebuild") {
			t.Errorf("%s has stopped with %v", p.Status().Name, err)
		}
	}
	refused.stop()
	r.check()
	if after := r.server.Client().DBSize(t.Context()).Val(); after != before {
		t.Errorf("there were %d keys and are %d", before, after)
	}
}

// The projector of a running server finds in its Redis what another log left.
func TestAnotherLogsModelUnderARunningProjectorIsRefused(t *testing.T) {
	l, other, server := projectiontest.NewLog(t), projectiontest.NewLog(t), redistest.Start(t)
	store := server.Store(t)
	r := run(t, l, store)
	l.Pay(5)
	r.settle()
	if err := server.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	r.stop()
	filler := run(t, other, store)
	other.Pay(9)
	filler.settle()
	again := run(t, l, store)
	until(t, "stopped", func() bool { return again.all[0].Status().State == follow.Stopped })
	if err := again.all[0].Status().Err; !errors.Is(err, follow.ErrWrongLog) {
		t.Errorf("it has stopped with %v", err)
	}
	other.Pay(3)
	filler.settle()
}
