package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/redistest"
)

// shop is a log and a Redis, on which one server after the other runs.
type shop struct {
	*redisBooks
	sold int
}

func openShop(t *testing.T) *shop {
	redis := redistest.Start(t)
	return &shop{redisBooks: &redisBooks{start(t, options{settings: redisSettings(redis.URL())}), redis}}
}

// reopen starts a server on a log, and waits until it listens.
func (s *shop) reopen(data string) {
	s.test.Helper()
	s.server = listen(s.test, options{data: data, settings: redisSettings(s.redis.URL())})
}

// sell posts n paid orders of a dollar and returns where the last one is.
func (s *shop) sell(n int) uint64 {
	s.test.Helper()
	var bodies []string
	for range n {
		s.sold++
		bodies = append(bodies, completedOrder(fmt.Sprintf("S%d", s.sold), "ann", 100))
	}
	return last(s.postEach(8, bodies))
}

// settle waits until both read models have what was sold.
func (s *shop) settle(position uint64) {
	s.test.Helper()
	s.balances("ann", position)
	s.order(fmt.Sprintf("S%d", s.sold), position)
}

// checkRefused fails unless the server keeps nothing in this Redis, serves
// nothing from it, says what to do, and takes callbacks all the same.
func (s *shop) checkRefused() {
	s.test.Helper()
	for _, projection := range []string{"balances", "orders"} {
		line, ok := s.stderr.await(patience, `"projection has stopped","projection":"`+projection+`"`)
		if !ok || !strings.Contains(line, "another log") || !strings.Contains(line, "daybook rebuild") {
			s.test.Fatalf("about %s it says %s", projection, s.stderr)
		}
	}
	before := s.redis.Client().HGetAll(s.test.Context(), "{daybook}:1:balance:ann").Val()
	s.sell(3)
	for _, path := range []string{"/balances/ann", "/orders/coinbase.S1", "/readyz/reads"} {
		if a := s.request("GET", path, websiteSecret, ""); a.status != 503 || !strings.Contains(a.body, "projection-stopped") {
			s.test.Errorf("%s is answered %d %s", path, a.status, a.body)
		}
	}
	if a := s.request("GET", "/readyz", "", ""); a.status != 200 {
		s.test.Errorf("readiness is answered %d", a.status)
	}
	if after := s.redis.Client().HGetAll(s.test.Context(), "{daybook}:1:balance:ann").Val(); fmt.Sprint(before) != fmt.Sprint(after) {
		s.test.Errorf("in Redis was %v and is %v", before, after)
	}
	if code, stdout, stderr := s.command("verify"); code != 1 || !strings.Contains(stdout+stderr, "daybook rebuild") {
		s.test.Errorf("verify ends with %d:\n%s%s", code, stdout, stderr)
	}
}

// checkRebuilt rebuilds, and fails unless the server goes on by itself and ann
// has what the log says.
func (s *shop) checkRebuilt(dollars int, flags ...string) {
	s.test.Helper()
	if code, stdout, stderr := s.command("rebuild", append(flags, "--grace", "0s")...); code != 0 {
		s.test.Fatalf("rebuild ends with %d:\n%s%s", code, stdout, stderr)
	}
	s.awaitStatus("/readyz/reads", 200)
	position := s.sell(1)
	if got, want := s.balances("ann", position)["USD"], fmt.Sprintf("%d.00", dollars+1); got != want {
		s.test.Errorf("ann has %s, not %s", got, want)
	}
	if code, stdout, stderr := s.command("verify"); code != 0 {
		s.test.Errorf("verify ends with %d:\n%s%s", code, stdout, stderr)
	}
}

// TestALogThatWasRestoredAndHasGrownIsRefused gives the log other events than
// those that the read models were built from, up to their checkpoint and
// beyond.
func TestALogThatWasRestoredAndHasGrownIsRefused(t *testing.T) {
	embedded(t)
	t.Parallel()
	for name, grown := range map[string]int{"short of the checkpoint": 3, "past the checkpoint": 30} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.settle(s.sell(10))
			s.terminate()
			older := filepath.Join(t.TempDir(), "older")
			if err := os.CopyFS(older, os.DirFS(s.data)); err != nil {
				t.Fatal(err)
			}
			s.reopen(s.data)
			s.settle(s.sell(10)) // lost with the newer log
			s.terminate()

			s.reopen(older)
			s.checkRefused()
			s.sell(grown)
			s.terminate()
			s.reopen(older)
			s.checkRefused()
			s.checkRebuilt(10 + 3 + grown + 3)
		})
	}
}

func TestAnotherLogUnderTheSameRedisIsRefused(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.settle(s.sell(10))
	s.terminate()
	s.reopen(filepath.Join(t.TempDir(), "another"))
	s.checkRefused()
	if !strings.Contains(s.stderr.String(), "first check --redis and --redis-prefix") {
		t.Errorf("it says\n%s", s.stderr)
	}
	s.sell(20)

	before := s.redis.Client().HGetAll(t.Context(), "{daybook}:1:balance:ann").Val()
	code, _, stderr := s.command("rebuild", "--grace", "0s")
	if code != 2 || !strings.Contains(stderr, "another log") || !strings.Contains(stderr, "--redis-prefix") || !strings.Contains(stderr, "--replace-other-log") {
		t.Errorf("without the flag rebuild ends with %d:\n%s", code, stderr)
	}
	if keys := s.redis.Client().Keys(t.Context(), "{daybook}:2:*").Val(); len(keys) > 0 {
		t.Errorf("it has filled %v", keys)
	}
	if after := s.redis.Client().HGetAll(t.Context(), "{daybook}:1:balance:ann").Val(); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("in Redis was %v and is %v", before, after)
	}
	s.checkRebuilt(23, "--replace-other-log")
}

// TestAnEventThatCannotBeFoldedStopsOneProjection has an event in the log that
// only a later version knows. What becomes of it after the upgrade is in
// TestAnUpgradeGoesOnBehindTheEventThatStoppedIt.
func TestAnEventThatCannotBeFoldedStopsOneProjection(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := openShop(t)
	known := s.sell(5)
	s.balances("ann", known)
	s.terminate()
	plant(t, s.data)
	s.reopen(s.data)
	line, ok := s.stderr.await(patience, `"projection has stopped","projection":"balances"`)
	if !ok || !strings.Contains(line, "invoice-1 at position") {
		t.Fatalf("it says %s", s.stderr)
	}
	position := s.sell(5)
	if o := s.order("S10", position); o.Status != "paid" {
		t.Errorf("in the projection that goes on the order is %+v", o)
	}
	for _, path := range []string{"/balances/ann", "/balances/ann/entries", "/readyz/reads"} {
		if a := s.request("GET", path, websiteSecret, ""); a.status != 503 || !strings.Contains(a.body, "projection-stopped") {
			t.Errorf("%s is answered %d %s", path, a.status, a.body)
		}
	}
	for name, want := range map[string]float64{"balances": 1, "orders": 0} {
		if got := s.metric(`daybook_projection_stopped{projection="` + name + `"}`); got != want {
			t.Errorf("the metric of %s is %v", name, got)
		}
	}
	if a := s.request("GET", "/readyz", "", ""); a.status != 200 {
		t.Errorf("readiness is answered %d", a.status)
	}
	fields := s.redis.Client().HGetAll(t.Context(), "{daybook}:1:balance:ann").Val()
	if fields["USD"] != "5.00" || strings.Contains(s.stderr.String(), `"projection has stopped","projection":"orders"`) {
		t.Errorf("ann has %v in Redis, and it says %s", fields, s.stderr)
	}
}

// plant appends an event of a type that this version does not know.
func plant(t *testing.T, data string) {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: data})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Append(t.Context(), "invoice-1", eventstore.NoStream, eventstore.Event{
		ID: eventstore.EventID{1}, Type: "InvoiceSent", Schema: 1, Data: []byte(`{}`), Metadata: []byte(`{}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
