package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/eventstore"
)

// TestALossIsAcceptedOnce records one as a store does that starts without some of
// its journal.
func TestALossIsAcceptedOnce(t *testing.T) {
	w := newWorld(t, wiring{})
	found, err := eventstore.LogEvent(eventstore.LossFound{First: 7, Last: 9, Cause: "torn"}, eventstore.Self, 1, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Append(t.Context(), eventstore.LogStream, eventstore.At(0), found); err != nil {
		t.Fatal(err)
	}
	accept := func() answer {
		return w.do(w.request(Operator, http.MethodPost, "/log/loss-acceptance", `{"reason":"compared with Coinbase's list"}`))
	}
	a := accept()
	if a.Status != http.StatusOK || !strings.Contains(string(a.Body), `{"first":"7","last":"9","cause":"torn"}`) {
		t.Errorf("accepted: %d %s", a.Status, a.Body)
	}
	if a := accept(); !isProblem(a, noLoss) {
		t.Errorf("accepted again: %d %s", a.Status, a.Body)
	}
	if a := w.get(Auditor, "/streams/daybook-log"); !strings.Contains(string(a.Body), `"actor":"operator:`) {
		t.Errorf("the acceptance has no actor: %s", a.Body)
	}
}
