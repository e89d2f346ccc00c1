package main_test

import (
	"strings"
	"testing"
	"time"

	"daybook/projections/redistest"
)

// known are the paths that must never be answered as if nothing was known.
var known = map[string]string{
	"/balances/ann":         `"available":"2.00"`,
	"/balances/ann/entries": `"coinbase/order/A"`,
	"/orders/coinbase.A":    `"status":"paid"`,
}

// checkHealed reads until everything is answered. Until then it is 503.
func (s *server) checkHealed() {
	s.test.Helper()
	for path, part := range known {
		deadline := time.Now().Add(patience)
		for a := s.request("GET", path, websiteSecret, ""); a.status != 200 || !strings.Contains(a.body, part); a = s.request("GET", path, websiteSecret, "") {
			if a.status != 503 || time.Now().After(deadline) {
				s.test.Fatalf("%s is answered %d %s", path, a.status, a.body)
			}
		}
	}
	s.awaitStatus("/readyz/reads", 200)
}

// TestAUserWhoseKeysAreLostIsNeverAnsweredAsIfThereWasNothing takes keys away
// under a running server and while it is down.
func TestAUserWhoseKeysAreLostIsNeverAnsweredAsIfThereWasNothing(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	o := options{data: t.TempDir() + "/data", settings: redisSettings(redis.URL())}
	s := start(t, o)
	position := last(s.postEach(2, []string{completedOrder("A", "ann", 100), completedOrder("B", "ann", 100), completedOrder("C", "bob", 100)}))
	s.balances("ann", position)
	s.order("C", position)
	for _, key := range []string{"{daybook}:1:balance:ann", "{daybook}:1:entries:ann", "{daybook}:1:order:coinbase.A", "{daybook}:1:keys:balances", "{daybook}:current"} {
		redis.Client().Del(t.Context(), key)
		s.checkHealed()
		redis.Client().Set(t.Context(), key, "somebody's", 0)
		s.checkHealed()
		s.terminate()
		redis.Client().Del(t.Context(), key)
		s = listen(t, o)
		s.checkHealed()
	}
	if code, p := run(t, o.settings, "verify", "--data", o.data); code != 0 {
		t.Errorf("verify ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
}

// TestWhyReadsAreNotCurrentIsSaid has databases, clusters and Sentinels that are
// not there.
func TestWhyReadsAreNotCurrentIsSaid(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	for url, want := range map[string]string{
		redis.URL() + "/99":               "no database of the number",
		redis.URL() + "?cluster=true":     "leave cluster=true out",
		redis.URL() + "?master_name=shop": "No Sentinel",
	} {
		t.Run(want, func(t *testing.T) {
			s := listen(t, options{settings: redisSettings(url)})
			s.awaitStatus("/readyz/reads", 503)
			s.awaitMetric(`daybook_projection_read_model_unreachable{projection="balances"}`, 1)
			for _, path := range []string{"/readyz/reads", "/balances/ann"} {
				if a := s.request("GET", path, websiteSecret, ""); a.status != 503 || !strings.Contains(a.body, want) {
					t.Errorf("%s is answered %d %s", path, a.status, a.body)
				}
			}
		})
	}
}
