package main_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase/coinbasetest"
)

// TestTwoServersVerifyEachPaymentOnce has two servers on one log in EventStoreDB ask
// Coinbase about the same payments, at the same time.
func TestTwoServersVerifyEachPaymentOnce(t *testing.T) {
	t.Parallel()
	url := eventstoreURL
	if url == "" {
		url, _ = scratchServer(t, filepath.Join(t.TempDir(), "scratch"))
	}
	log := []string{"--eventstore", url, "--namespace", logName(t.TempDir())}
	p := newProvider(t)
	p.FailShare(0.9, coinbasetest.Slow(500*time.Millisecond)) // so that both ask before either is answered
	servers := []*server{start(t, options{arguments: log, settings: p.settings}), start(t, options{arguments: log, settings: p.settings})}
	const payments = 16
	for i := range payments {
		s, other := servers[i%2], servers[1-i%2]
		r := p.create(coinbasetest.Checkouts, fmt.Sprintf("%d.00", i+1), "")
		s.mustRegister("checkout."+r.ID, fmt.Sprint("u", i), fmt.Sprintf("%d.00", i+1), "balance")
		paid := p.pay(coinbasetest.Checkouts, r.ID)
		for _, s := range []*server{s, other} {
			if a := s.webhook(checkoutSecret, "", webhookOf(t, success, paid)); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
	}
	for _, s := range servers {
		for i := range payments {
			s.awaitAvailable(fmt.Sprint("u", i), fmt.Sprintf("USD %d.00 pending 0.00", i+1))
		}
		s.awaitText("what is verified", "", func() string { return s.waiting("verification") })
	}
	if asked := p.Requests(); asked <= payments {
		t.Errorf("Coinbase was asked %d times about %d payments: two servers have not met", asked, payments)
	}
	for _, s := range servers {
		s.terminate()
	}
	succeed(t, append([]string{"verify", "--data", servers[0].data}, log...)...)
	verified := map[string]int{}
	for line := range strings.Lines(succeed(t, append([]string{"replay", "--format", "jsonl"}, log...)...)) {
		var e replayed
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "PaymentVerified" {
			verified[e.Stream]++
		}
	}
	if len(verified) != payments {
		t.Errorf("%d payments are verified, want %d", len(verified), payments)
	}
	for stream, n := range verified {
		if n != 1 {
			t.Errorf("%s is verified %d times", stream, n)
		}
	}
}
