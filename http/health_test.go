package httpapi

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// untilStopped waits until both projections have stopped.
func untilStopped(w *world) {
	for _, p := range w.projections {
		for p.Status().State != follow.Stopped {
			runtime.Gosched()
		}
	}
}

var reads = []string{"/balances/u1", "/balances/u1/entries", "/orders/coinbase.A", "/balances/u1?min_position=2"}

func TestAServerThatIsWellSaysSo(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, path := range []string{"/healthz", "/readyz", "/readyz/reads"} {
		if a := w.get("", path); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// TestRootIsAPageForAPerson follows the ways that it names, and looks for a version.
func TestRootIsAPageForAPerson(t *testing.T) {
	w := newWorld(t, wiring{})
	a := w.get("", "/")
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %v", a.Status, a.Header)
	}
	named := 0
	for word := range strings.FieldsSeq(string(a.Body)) {
		if strings.HasPrefix(word, "/") {
			if named++; w.get("", word).Status != http.StatusOK {
				t.Errorf("%s leads nowhere", word)
			}
		}
	}
	if named < 2 || strings.ContainsAny(string(a.Body), "0123456789") {
		t.Errorf("the page is\n%s", a.Body)
	}
	for _, path := range []string{"//", "/index.html"} {
		if a := w.get("", path); a.Status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, a.Status)
		}
	}
}

func TestWithoutItsStoreTheServerIsAliveAndRefusesCallbacks(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(completed("A", "u1", 1253, "USD"))
	before := w.get(Website, "/balances/u1")
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	if a := w.get("", "/healthz"); a.Status != http.StatusOK {
		t.Errorf("not alive: %d %s", a.Status, a.Body)
	}
	for name, a := range map[string]answer{
		"readiness":      w.get("", "/readyz"),
		"a callback":     w.post(completed("B", "u1", 1, "USD")),
		"a repetition":   w.post(completed("A", "u1", 1253, "USD")),
		"a quarantine":   w.post("{"),
		"a registration": w.do(w.request(Website, http.MethodPut, "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", `{"user":"u1"}`)),
		"a stream":       w.get(Auditor, "/streams/order-coinbase.A"),
	} {
		if !isProblem(a, unavailable) || a.Header.Get("Retry-After") == "" || a.Header.Get("Daybook-Position") != "" {
			t.Errorf("%s: %d %v %s", name, a.Status, a.Header, a.Body)
		}
	}
	// What the read model has applied stays readable, and says how far it goes.
	if after := w.get(Website, "/balances/u1"); string(after.Body) != string(before.Body) {
		t.Errorf("%s, before %s", after.Body, before.Body)
	}
}

func TestWhileTheReadModelsAreBuiltReadsAreRefusedAndCallbacksAreNot(t *testing.T) {
	w := newWorld(t, wiring{noProjections: true})
	if a := w.post(completed("A", "u1", 1, "USD")); a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	w.server.guard.wait = 1
	for _, path := range append(reads, "/readyz/reads") {
		a := w.do(w.request(Website, http.MethodGet, path, ""))
		if !isProblem(a, behind) || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := w.do(w.request("", http.MethodGet, "/readyz", "")); a.Status != http.StatusOK {
		t.Errorf("not ready for callbacks: %d %s", a.Status, a.Body)
	}
}

func TestAnEventThatCannotBeFoldedStopsReadsAndNotCallbacks(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(completed("A", "u1", 1253, "USD"))
	const stream = "order-coinbase.LATER"
	_, err := w.store.Append(t.Context(), stream, eventstore.NoStream, eventstore.Event{
		ID: eventstore.DeriveID(stream, "later", 0), Type: "PaymentOfALaterVersion", Schema: 1, Data: []byte("{}"), Metadata: []byte("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	untilStopped(w)
	for _, path := range append(reads, "/readyz/reads") {
		a := w.get(Website, path)
		if path == "/balances/u1?min_position=2" {
			path += ", although it was reached before"
		}
		if !isProblem(a, stopped) || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := w.get("", "/readyz"); a.Status != http.StatusOK {
		t.Errorf("not ready for callbacks: %d %s", a.Status, a.Body)
	}
	if a := w.post(completed("B", "u1", 1, "USD")); a.Status != http.StatusOK {
		t.Errorf("a callback: %d %s", a.Status, a.Body)
	}
	if a := w.get(Auditor, "/streams/order-coinbase.B"); a.Status != http.StatusOK {
		t.Errorf("a stream: %d %s", a.Status, a.Body)
	}
	// Nobody decides about an order without understanding its stream: Coinbase
	// repeats the callback until somebody has looked.
	if a := w.post(completed("LATER", "u1", 1, "USD")); !isProblem(a, internal) {
		t.Errorf("a callback of the order: %d %s", a.Status, a.Body)
	}
	if metrics := w.metrics(); !strings.Contains(metrics, `daybook_projection_stopped{projection="balances"} 1`) {
		t.Error("the metrics do not say so")
	}
}
