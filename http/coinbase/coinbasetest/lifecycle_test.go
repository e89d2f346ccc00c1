package coinbasetest_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"net/http"
	"testing"

	"daybook/http/coinbase/coinbasetest"
)

// see returns a resource as the API shows it.
func see(t *testing.T, server *coinbasetest.Server, key *ecdsa.PrivateKey, kind coinbasetest.Kind, id string) coinbasetest.Resource {
	t.Helper()
	target := "/api/v1/" + string(kind) + "/" + id
	signed, err := good(target).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	got := ask(server, target, "Bearer "+signed)
	var shown coinbasetest.Resource
	if err := json.Unmarshal(got.Body.Bytes(), &shown); err != nil || got.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", target, got.Code, got.Body)
	}
	return shown
}

func must(t *testing.T) func(coinbasetest.Resource, error) coinbasetest.Resource {
	return func(r coinbasetest.Resource, err error) coinbasetest.Resource {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func TestACheckoutIsPaidAndRefunded(t *testing.T) {
	key := newKey(t)
	server := newServer(t, key)
	id := must(t)(server.Create(coinbasetest.Checkouts, coinbasetest.Resource{Amount: "100.50"})).ID
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Status != coinbasetest.Active || shown.TransactionHash != "" || shown.Settlement != nil || len(id) != 24 {
		t.Errorf("created: %+v", shown)
	}
	must(t)(server.Process(coinbasetest.Checkouts, id))
	must(t)(server.Pay(coinbasetest.Checkouts, id))
	paid := see(t, server, key, coinbasetest.Checkouts, id)
	if paid.Status != coinbasetest.Completed || len(paid.TransactionHash) != 66 || *paid.Settlement != (coinbasetest.Settlement{TotalAmount: "100.50", FeeAmount: "1.00", NetAmount: "99.50", Currency: "USDC"}) {
		t.Errorf("paid: %+v %+v", paid, paid.Settlement)
	}
	if _, err := server.Refund(id, "100.51", ""); err == nil {
		t.Error("more is refunded than was paid")
	}
	must(t)(server.Refund(id, "0.50", "late"))
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Status != coinbasetest.PartiallyRefunded || shown.RefundedAmount != "0.50" || len(shown.Refunds) != 1 {
		t.Errorf("refunded in part: %+v", shown)
	}
	must(t)(server.Refund(id, "100", "rest"))
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Status != coinbasetest.Refunded || shown.RefundedAmount != "100.50" || shown.Refunds[0].ID == shown.Refunds[1].ID || shown.TransactionHash != paid.TransactionHash {
		t.Errorf("refunded: %+v", shown)
	}
}

func TestWhatHasEndedDoesNotChange(t *testing.T) {
	server := newServer(t, newKey(t))
	ends := map[string]func(coinbasetest.Kind, string) (coinbasetest.Resource, error){
		coinbasetest.Completed: server.Pay, coinbasetest.Failed: server.Fail, coinbasetest.Expired: server.Expire, coinbasetest.Deactivated: server.Deactivate,
	}
	for status, end := range ends {
		for _, kind := range []coinbasetest.Kind{coinbasetest.Checkouts, coinbasetest.PaymentLinks} {
			id := must(t)(server.Create(kind, coinbasetest.Resource{Amount: "5"})).ID
			if got := must(t)(end(kind, id)); got.Status != status {
				t.Errorf("status is %s, want %s", got.Status, status)
			}
			for _, again := range ends {
				if _, err := again(kind, id); err == nil {
					t.Errorf("a resource that is %s ends again", status)
				}
			}
		}
	}
	for _, amount := range []string{"", "0", "0.00", "1.001", "-1", "1e2", "100000000.01", "x"} {
		if _, err := server.Create(coinbasetest.Checkouts, coinbasetest.Resource{Amount: amount}); err == nil {
			t.Errorf("an amount of %q is taken", amount)
		}
	}
}

func TestFaultsChangeAnswersAndNotResources(t *testing.T) {
	key := newKey(t)
	server := newServer(t, key)
	id := must(t)(server.Create(coinbasetest.Checkouts, coinbasetest.Resource{Amount: "5"})).ID
	paid := must(t)(server.Pay(coinbasetest.Checkouts, id))
	fee := coinbasetest.Fault{Change: func(r *coinbasetest.Resource) { r.Settlement.FeeAmount = "4.00" }}
	server.FailNext(fee, coinbasetest.Stale, coinbasetest.Contradict("4.99"))
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Settlement.FeeAmount != "4.00" {
		t.Errorf("another fee: %+v", shown.Settlement)
	}
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Status != coinbasetest.Processing || shown.TransactionHash != "" || shown.Settlement != nil {
		t.Errorf("stale: %+v", shown)
	}
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Amount != "4.99" || shown.Settlement.TotalAmount != "4.99" || shown.Status != coinbasetest.Completed {
		t.Errorf("contradicting: %+v", shown)
	}
	if shown := see(t, server, key, coinbasetest.Checkouts, id); shown.Status != coinbasetest.Completed || shown.Amount != "5" || shown.Settlement.FeeAmount != "0.05" || shown.TransactionHash != paid.TransactionHash {
		t.Errorf("afterwards: %+v", shown)
	}
}

func TestAShareOfRequestsFails(t *testing.T) {
	key := newKey(t)
	server := newServer(t, key)
	server.FailShare(0.5, coinbasetest.RateLimited(1e9), coinbasetest.ServerError)
	signed, err := good(path).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]int{}
	for range 1000 {
		counts[ask(server, path, "Bearer "+signed).Code]++
	}
	if counts[200] < 400 || counts[200] > 600 || counts[429] < 150 || counts[503] < 150 {
		t.Errorf("statuses are %v", counts)
	}
	server.FailShare(0)
	if got := ask(server, path, "Bearer "+signed); got.Code != http.StatusOK {
		t.Errorf("without faults: %d", got.Code)
	}
}
