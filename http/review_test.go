package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/domain/payment"
	"daybook/domain/recorder"

	"github.com/go-json-experiment/json"
)

// checkoutWorld credits a checkout by its webhook and its registration.
func checkoutWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, wiring{policy: recorder.Policy{Checkout: payment.Needs{payment.Signature, payment.Registered}, References: []string{"checkout"}}})
}

// refundEvent is the webhook about a checkout of 100.00 USDC with a refund.
func (w *world) refundEvent(id, event, status, refund, refundStatus, amount string) {
	w.Helper()
	body := strings.TrimSuffix(checkout(id, event, status), "}")
	if refund != "" {
		body += fmt.Sprintf(`,"refunds":[{"id":%q,"checkoutId":%q,"amount":%q,"currency":"USDC","status":%q,"createdAt":"2026-11-21T10:00:00Z","completedAt":"2026-11-21T10:00:09Z"}]`, refund, id, amount, refundStatus)
	}
	if a := w.do(webhook(w, checkoutSecret, time.Now(), body+"}")); a.Status != http.StatusOK {
		w.Fatalf("%d %s", a.Status, a.Body)
	}
}

// must sends a request of an operator that succeeds, and returns the answer.
func (w *world) must(method, path, body string) string {
	w.Helper()
	a := w.send(method, path, body)
	if a.Status != http.StatusOK {
		w.Fatalf("%s %s is answered %d %s", method, path, a.Status, a.Body)
	}
	return string(a.Body)
}

// item reads an item.
func (w *world) item(id string) oneItem {
	w.Helper()
	a := w.get(Auditor, "/review/"+id+"?min_position="+w.end().String())
	var item oneItem
	if err := json.Unmarshal(a.Body, &item); err != nil || a.Status != http.StatusOK {
		w.Fatalf("%d %v: %s", a.Status, err, a.Body)
	}
	return item
}

func TestARefundThatEqualsASentOneIsShownBesideIt(t *testing.T) {
	w := checkoutWorld(t)
	w.must(http.MethodPut, "/orders/checkout.c1", `{"user":"u1","amount":"100.00","currency":"USDC"}`)
	w.refundEvent("c1", "checkout.payment.success", "COMPLETED", "", "", "")
	w.must(http.MethodPut, "/orders/checkout.c1/refunds/r1", `{"amount":"30","currency":"USDC","note":"a"}`)
	w.must(http.MethodPut, "/orders/checkout.c1/refunds/r1/sent", `{"reference":"wire 7","sent_at":"2026-11-21T09:00:00Z"}`)
	w.refundEvent("c1", "checkout.refund.success", "PARTIALLY_REFUNDED", "f7", "COMPLETED", "30.00")
	id := w.openItem("order-checkout.c1")
	item := w.item(id)
	if item.Reason != string(payment.RefundSame) || item.Readings == nil || item.Readings.Standing.Status != readSent || item.Readings.Standing.Reference != "wire 7" {
		t.Fatalf("%+v %+v", item, item.Readings)
	}
	if len(item.Decisions) != 2 || item.Decisions[0].Decision != "dismiss" || item.Decisions[1].Decision != "charge" {
		t.Errorf("%+v", item.Decisions)
	}
	if said := w.must(http.MethodPut, "/review/"+id+"/decision", `{"decision":"charge","note":"two transactions"}`); !strings.Contains(said, `"liabilities:users:u1","amount":"30.000000"`) {
		t.Errorf("%s", said)
	}
}

func TestARefundOfAnOrderOfTheWebsiteIsOfThePaymentThatSettledIt(t *testing.T) {
	w := checkoutWorld(t)
	w.must(http.MethodPut, "/orders/site.site-1", `{"user":"u1","amount":"100.00","currency":"USDC","for":"sale"}`)
	w.refundEvent("c1", "checkout.payment.success", "COMPLETED", "", "", "")
	const path = "/orders/site.site-1/refunds/r1"
	if said := w.must(http.MethodPut, path, `{"amount":"40","currency":"USDC","note":"a"}`); !strings.Contains(said, `"payment":"checkout/c1"`) || !strings.Contains(said, `"order":"site.site-1"`) {
		t.Fatalf("%s", said)
	}
	w.refundEvent("c1", "checkout.refund.failed", "COMPLETED", "r1", "FAILED", "40.00")
	if said := w.must(http.MethodGet, path, ""); !strings.Contains(said, `"status":"open","failed":true`) {
		t.Errorf("after a failure: %s", said)
	}
	w.refundEvent("c1", "checkout.refund.success", "PARTIALLY_REFUNDED", "f9", "COMPLETED", "40.00")
	said := w.must(http.MethodGet, path, "")
	if !strings.Contains(said, `"status":"sent"`) || !strings.Contains(said, `"report":"checkout/c1/refund/f9"`) || strings.Contains(said, "failed") {
		t.Errorf("after the report: %s", said)
	}
}

func TestAPayoutThatDisagreesIsShownBesideTheFirst(t *testing.T) {
	w := newWorld(t, wiring{})
	report := func(total string) {
		w.post(fmt.Sprintf(`{"payout":{"id":"P","status":"Complete","fees":{"coinbase":{"cents":0,"currency_iso":"USD"}},"subtotal":{"amount":"56.74","currency":"USD"},"total":{"amount":%q,"currency":"USD"}}}`, total))
	}
	report("56.74")
	report("56.00")
	id := w.openItem("payout-P")
	item := w.item(id)
	if r := item.Readings; r == nil || r.Reported.Amount.Decimal() != "56.00" || r.Standing.Amount.Decimal() != "56.74" || r.Standing.Status != readCompleted {
		t.Fatalf("%+v", item.Readings)
	}
	w.must(http.MethodPut, "/review/"+id+"/decision", `{"decision":"credit","note":"the bank says so"}`)
	if item := w.item(id); item.Status != itemDecided || item.Rounds[0].By != "operator:alice" {
		t.Errorf("%+v", item)
	}
	for method, path := range map[string]string{http.MethodDelete: "/refund", http.MethodPut: "/refund/sent"} {
		if a := w.send(method, "/review/"+id+path, `{"reference":"a","sent_at":"2026-11-21T09:00:00Z"}`); a.Status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, a.Status)
		}
	}
}

// TestAnItemThatAnotherDecisionSettlesNamesIt has two reports of one payment, and decides
// about the second.
func TestAnItemThatAnotherDecisionSettlesNamesIt(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(`{"order":{"id":"A","status":"completed","event":{"type":"strange"},"total_native":{"cents":1000,"currency_iso":"USD"}}}`)
	first := w.openItem("order-coinbase.A")
	w.post(`{"order":{"id":"A","status":"completed","total_native":{"cents":1000,"currency_iso":"USD"}}}`)
	var second string
	for _, e := range w.events("order-coinbase.A") {
		second = e.ID.String()
	}
	w.must(http.MethodPut, "/review/"+second+"/decision", `{"decision":"credit","user":"u1","note":"a"}`)
	if item := w.item(first); item.Status != itemSettled || item.SettledBy != second || len(item.Decisions) != 0 {
		t.Errorf("%+v", item)
	}
	if a := w.decide(first, `{"decision":"dismiss","note":"a"}`); !isProblem(a, itemDecidedAlready) || strings.Contains(string(a.Body), `"decided"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := w.reverse(first, `{"note":"a"}`); !isProblem(a, laterDecision) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	w.must(http.MethodPost, "/review/"+second+"/reversal", `{"note":"a"}`)
	if item := w.item(first); item.Status != itemOpen || item.Round != 0 {
		t.Errorf("after the reversal: %+v", item)
	}
}
