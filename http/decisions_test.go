package httpapi

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"sync"
	"testing"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/http/callback/coinbasev1"

	"github.com/go-json-experiment/json"
)

// hold reports a payment without a payer, and returns the item that it opens.
func (w *world) hold(id string) string {
	w.Helper()
	if a := w.post(fmt.Sprintf(`{"order":{"id":%q,"status":"completed","total_native":{"cents":1000,"currency_iso":"USD"}}}`, id)); a.Status != http.StatusOK {
		w.Fatalf("%d %s", a.Status, a.Body)
	}
	return w.openItem("order-coinbase." + id)
}

// openItem returns the one open item of a stream.
func (w *world) openItem(stream string) string {
	w.Helper()
	a := w.get(Operator, "/review?limit=1000&min_position="+w.end().String())
	var page reviewAnswer
	if err := json.Unmarshal(a.Body, &page); err != nil {
		w.Fatalf("%v: %s", err, a.Body)
	}
	for _, i := range page.Items {
		if i.Stream == stream {
			return i.ID
		}
	}
	w.Fatalf("no item of %s is open: %s", stream, a.Body)
	return ""
}

// send sends a request of an operator with a body.
func (w *world) send(method, path, body string) answer {
	w.Helper()
	return w.do(w.request(Operator, method, path, body))
}

func (w *world) decide(item, body string) answer {
	w.Helper()
	return w.send(http.MethodPut, "/review/"+item+"/decision", body)
}

func (w *world) reverse(item, body string) answer {
	w.Helper()
	return w.send(http.MethodPost, "/review/"+item+"/reversal", body)
}

// problemsOfDecisions has one answer for each problem of a decision or a refund.
func problemsOfDecisions(w *world) map[string]answer {
	open, decided, sending, sent, superseded := w.hold("O"), w.hold("D"), w.hold("S"), w.hold("T"), w.hold("L")
	w.decide(decided, `{"decision":"credit","user":"u1","note":"a"}`)
	w.decide(sending, `{"decision":"refund","note":"a"}`)
	w.decide(sent, `{"decision":"refund","note":"a"}`)
	w.send(http.MethodPut, "/review/"+sent+"/refund/sent", `{"reference":"r","sent_at":"2026-01-02T15:04:05Z"}`)
	w.decide(superseded, `{"decision":"credit","user":"u1","note":"a"}`)
	w.post(completed("L", "u2", 1200, "USD"))
	w.decide(w.openItem("order-coinbase.L"), `{"decision":"credit","note":"a"}`)
	w.post(completed("P", "u1", 100, "USD"))
	w.send(http.MethodPut, "/orders/coinbase.P/refunds/r", `{"amount":"1.00","currency":"USD","note":"a"}`)
	return map[string]answer{
		"item-decided":        w.decide(decided, `{"decision":"dismiss","note":"b"}`),
		"other-round":         w.decide(decided, `{"decision":"dismiss","note":"b","round":7}`),
		"item-undecided":      w.reverse(open, `{"note":"a"}`),
		"refund-open":         w.reverse(sending, `{"note":"a"}`),
		"refund-done":         w.reverse(sent, `{"note":"a"}`),
		"refund-decided":      w.send(http.MethodPut, "/orders/coinbase.P/refunds/r", `{"amount":"1.00","currency":"USD","note":"b"}`),
		"later-decision":      w.reverse(superseded, `{"note":"a"}`),
		"decision-impossible": w.decide(open, `{"decision":"complete","note":"a"}`),
		"decision-incomplete": w.decide(open, `{"decision":"credit","note":"a"}`),
	}
}

// damagedStream answers every read of one stream with an error.
type damagedStream struct {
	eventstore.Store
	stream *eventstore.StreamName
}

func (d damagedStream) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	if stream == *d.stream {
		return func(yield func(eventstore.Recorded, error) bool) { yield(eventstore.Recorded{}, eventstore.ErrDamaged) }
	}
	return d.Store.Read(ctx, stream, from, include...)
}

func TestAnItemOfADamagedStreamIsShownBare(t *testing.T) {
	damaged := new(eventstore.StreamName)
	w := newWorld(t, wiring{store: func(s eventstore.Store) eventstore.Store { return damagedStream{s, damaged} }})
	w.hold("A")
	w.hold("B")
	*damaged = "order-coinbase.B"
	a := w.get(Operator, "/review")
	if a.Status != http.StatusOK || strings.Count(string(a.Body), `"decisions":[]`) != 1 || strings.Count(string(a.Body), `"stream":`) != 2 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestARefundAddressIsShownAndNeverLogged has the canary in it, which newWorld looks for.
func TestARefundAddressIsShownAndNeverLogged(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(`{"order":{"id":"A","status":"completed","total_native":{"cents":100,"currency_iso":"USD"},"refund_address":"1canary","customer":{"email":"canary@shop.example"}}}`)
	item := w.openItem("order-coinbase.A")
	a := w.get(Auditor, "/review/"+item)
	if !strings.Contains(string(a.Body), `"refund_to":"1canary"`) || strings.Contains(string(a.Body), "shop.example") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	w.decide(item, `{"decision":"credit","user":"canary","note":"canary"}`)
	w.reverse(item, `{"note":"canary"}`)
	w.decide(item, `{"decision":"dismiss","note":"canary","round":0}`)
	w.decide(item, `{"decision":"dismiss","note":"canary","arrived":"canary","round":1}`)
	w.decide(item, `{"decision":"credit","user":"canary","amount":"1","currency":"CANARY","note":"canary","round":1}`)
	w.decide("canary", `{"decision":"dismiss","note":"canary"}`)
	w.send(http.MethodGet, "/review/canary", "")
	w.send(http.MethodPut, "/orders/coinbase.canary/refunds/canary", `{"amount":"1","currency":"USD","note":"canary"}`)
	w.send(http.MethodPut, "/orders/coinbase.canary/refunds/canary/sent", `{"reference":"canary","sent_at":"2026-11-21T09:00:00Z"}`)
	w.send(http.MethodGet, "/orders/site.canary/refunds/canary", "")
	w.post(completed("canary-order", "canary", 100, "USD"))
	w.send(http.MethodPut, "/orders/coinbase.canary-order/refunds/canary", `{"amount":"2","currency":"USD","note":"canary"}`)
}

// TestAReportThatWasReadAgainNamesAnAddress has the body in the quarantine alone.
func TestAReportThatWasReadAgainNamesAnAddress(t *testing.T) {
	w := newWorld(t, wiring{})
	body := []byte(`{"order":{"id":"A","status":"completed","total_native":{"cents":100,"currency_iso":"USD"},"custom":"u1","refund_address":"1payer"}}`)
	d := recorder.Delivery{ID: "01M8KK6PDD2ZBXPW60ZVJNWTE6", Actor: "callback:coinbase", Format: "coinbase-v1", Body: body, Length: int64(len(body)), Method: "secret"}
	ledger := recorder.New(w.store, recorder.Policy{})
	if _, err := ledger.Quarantine(t.Context(), quarantine.Incomplete, d); err != nil {
		t.Fatal(err)
	}
	report, err := coinbasev1.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	d.Task, d.First, d.ID = "a task", d.ID, "01M8KK6PDD2ZBXPW60ZVJNWTE7"
	if _, err := ledger.Record(t.Context(), report, d); err != nil {
		t.Fatal(err)
	}
	if a := w.get(Auditor, "/review/"+w.openItem("order-coinbase.A")); !strings.Contains(string(a.Body), `"refund_to":"1payer"`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestOneOfManyDecisionsAtOnceStands has as many operators as decisions, half of which ask
// for the same.
func TestOneOfManyDecisionsAtOnceStands(t *testing.T) {
	w := newWorld(t, wiring{})
	item := w.hold("A")
	const operators = 8
	answers := make([]answer, operators)
	var deciding sync.WaitGroup
	for i := range operators {
		deciding.Go(func() {
			answers[i] = w.decide(item, fmt.Sprintf(`{"decision":"credit","user":"u%d","note":"a"}`, i/2))
		})
	}
	deciding.Wait()
	recorded, repeated := 0, 0
	for _, a := range answers {
		switch {
		case a.Status == http.StatusOK && a.Header.Get("Idempotency-Hit") == "":
			recorded++
		case a.Status == http.StatusOK:
			repeated++
		case !isProblem(a, itemDecidedAlready) || !strings.Contains(string(a.Body), `"decided"`):
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if recorded != 1 || repeated != 1 {
		t.Errorf("%d were recorded and %d repeated", recorded, repeated)
	}
	if got := types(w.events("order-coinbase.A")); strings.Count(got, "PaymentReleased") != 1 {
		t.Errorf("the stream has %s", got)
	}
}
