package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fillRoom takes all that there is for callbacks of version 1.
func (w *world) fillRoom() {
	for range maxReceiving {
		w.server.receiving[0] <- struct{}{}
	}
}

func TestTooManyCallbacksAtOnceAreRefusedAndReadsAreNot(t *testing.T) {
	w := newWorld(t, wiring{})
	w.fillRoom()
	if a := w.post(completed("A", "u1", 1, "USD")); !isProblem(a, overloaded) || a.Header.Get("Retry-After") == "" {
		t.Errorf("a callback: %d %s", a.Status, a.Body)
	}
	if a := w.get(Website, "/balances/u1"); a.Status != http.StatusOK {
		t.Errorf("a read: %d %s", a.Status, a.Body)
	}
	<-w.server.receiving[0]
	if a := w.post(completed("A", "u1", 1, "USD")); a.Status != http.StatusOK {
		t.Errorf("a callback after that: %d %s", a.Status, a.Body)
	}
	if events := types(w.events("order-coinbase.A")); events != "PaymentReceived,PaymentVerified" {
		t.Error(events)
	}
}

func TestReadsThatWaitKeepNeitherCallbacksNorHealthChecksOut(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.reading.most = 0 // all are taken
	for _, path := range []string{"/balances/u1", "/balances/u1/entries", "/orders/coinbase.A"} {
		if a := w.get(Website, path); !isProblem(a, overloaded) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := w.get("", "/balances/u1"); a.Status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d %s", a.Status, a.Body)
	}
	if a := w.post(completed("A", "u1", 1, "USD")); a.Status != http.StatusOK {
		t.Errorf("a callback: %d %s", a.Status, a.Body)
	}
	for _, path := range []string{"/healthz", "/readyz", "/readyz/reads", "/metrics"} {
		if a := w.get("", path); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// A token whose reads all wait leaves room for those of others.
func TestReadsOfOneTokenKeepNoOtherOut(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.wait = 3 * time.Second
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for range maxReading {
		waiting.Go(func() { w.get(Auditor, "/balances/u1?min_position=99999999") })
	}
	for deadline := time.Now().Add(w.server.guard.wait); !isProblem(w.get(Auditor, "/balances/u1"), overloaded); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the auditor is never refused")
		}
	}
	if a := w.get(Website, "/balances/u1"); a.Status != http.StatusOK {
		t.Errorf("the website: %d %s", a.Status, a.Body)
	}
	waiting.Wait()
	if a := w.get(Auditor, "/balances/u1"); a.Status != http.StatusOK {
		t.Errorf("the auditor after that: %d %s", a.Status, a.Body)
	}
}

func TestStrangersOccupyNoPlaces(t *testing.T) {
	w := newWorld(t, wiring{})
	w.fillRoom() // whoever asks for a place is refused
	for name, r := range map[string]*http.Request{
		"a wrong secret":  newCallback("/callbacks/coinbase?secret=canary-wrong", strings.NewReader("{}")),
		"a wrong address": httptest.NewRequest(http.MethodPost, target, strings.NewReader("{}")),
	} {
		if a := w.do(r); a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}

func TestMetricsCountWhatBecameOfCallbacks(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, body := range []string{
		completed("A", "canary-user", 1, "USD"), completed("A", "canary-user", 1, "USD"), completed("A", "canary-user", 2, "USD"), "{", `{"canary":1}`,
		`{"order":{"id":null,"status":"completed","custom":"123456789"}}`, strings.Repeat(" ", 256<<10+1),
	} {
		w.post(body)
	}
	w.do(newCallback("/callbacks/coinbase?secret=canary-wrong", strings.NewReader("{}")))
	w.do(httptest.NewRequest(http.MethodPost, target, strings.NewReader("{}")))
	w.get(Website, "/balances/canary-user")
	w.get(Website, "/canary")
	w.do(httptest.NewRequest("CANARY", "/balances/canary-user", nil))
	metrics := w.metrics()
	for _, line := range []string{
		`daybook_callbacks_total{outcome="recorded"} 1`,
		`daybook_callbacks_total{outcome="duplicate"} 1`,
		`daybook_callbacks_total{outcome="held"} 1`,
		`daybook_callbacks_total{outcome="quarantined"} 3`,
		`daybook_callbacks_total{outcome="test"} 1`,
		`daybook_callbacks_total{outcome="refused"} 2`,
		`daybook_http_requests_total{method="POST",route="/callbacks/coinbase",status="200"} 5`,
		`daybook_http_requests_total{method="POST",route="/callbacks/coinbase",status="401"} 1`,
		`daybook_http_requests_total{method="POST",route="/callbacks/coinbase",status="403"} 1`,
		`daybook_http_requests_total{method="POST",route="/callbacks/coinbase",status="413"} 1`,
		`daybook_http_requests_total{method="POST",route="/callbacks/coinbase",status="422"} 1`,
		`daybook_http_requests_total{method="GET",route="/balances/{user}",status="200"} 1`,
		`daybook_http_requests_total{method="other",route="/balances/{user}",status="405"} 1`,
		`daybook_http_requests_total{method="GET",route="unknown",status="404"} 1`,
		`daybook_projection_stopped{projection="balances"} 0`,
		`daybook_projection_lag_seconds{projection="orders"} 0`,
		`daybook_projection_applied_total{projection="balances"}`,
		`daybook_projection_position{projection="orders"}`,
		`daybook_http_request_duration_seconds_count{route="/callbacks/coinbase"} 9`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("missing: %s", line)
		}
	}
}
