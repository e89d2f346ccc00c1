package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"

	"github.com/go-json-experiment/json"
)

func isProblem(a answer, k kind) bool {
	var p Problem
	return json.Unmarshal(a.Body, &p) == nil && p.Type == "/problems/"+k.name && p.Status == k.status && a.Status == k.status
}

// brokenBalances answers every read with the same error, or panics with it.
type brokenBalances struct {
	Balances
	err   error
	panic any
}

func (b brokenBalances) Balance(context.Context, string) (balances.Balance, error) {
	if b.panic != nil {
		panic(b.panic)
	}
	return balances.Balance{}, b.err
}

// brokenStore answers every append with the same error.
type brokenStore struct {
	eventstore.Store
	err error
}

func (s brokenStore) Append(context.Context, eventstore.StreamName, eventstore.Expected, ...eventstore.Event) (eventstore.Appended, error) {
	return eventstore.Appended{}, s.err
}

// haltingBody is a body that breaks off.
type haltingBody struct{ io.Reader }

func (b haltingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestEveryProblemOfTheTableIsAnsweredToSomebody(t *testing.T) {
	plain := newWorld(t, wiring{})
	full := newWorld(t, wiring{})
	full.fillRoom()
	building := newWorld(t, wiring{noProjections: true})
	ended := newWorld(t, wiring{})
	ended.stop()
	untilStopped(ended)
	broken := func(err error) *world {
		return newWorld(t, wiring{
			store:          func(s eventstore.Store) eventstore.Store { return brokenStore{s, err} },
			balancesReader: func(b Balances) Balances { return brokenBalances{b, err, nil} },
		})
	}
	answers := map[string]answer{
		"bad-request":        plain.get(Website, "/balances/.."),
		"unauthorized":       plain.get("", "/balances/u1"),
		"forbidden":          plain.get(Website, "/streams/daybook-log"),
		"not-found":          plain.get(Website, "/orders/coinbase.A"),
		"method-not-allowed": plain.get(Website, "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5"),
		"request-timeout":    plain.do(newCallback(target, haltingBody{strings.NewReader("{")})),
		"address-taken": func() answer {
			plain.do(plain.request(Website, http.MethodPut, "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", `{"user":"u1"}`))
			return plain.do(plain.request(Website, http.MethodPut, "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", `{"user":"u2"}`))
		}(),
		"order-registered": func() answer {
			plain.do(plain.request(Website, http.MethodPut, "/orders/coinbase.R", `{"user":"u1","amount":"1.00","currency":"USD"}`))
			return plain.do(plain.request(Website, http.MethodPut, "/orders/coinbase.R", `{"user":"u2","amount":"1.00","currency":"USD"}`))
		}(),
		"order-credited": func() answer {
			plain.post(completed("P", "u1", 1, "USD"))
			return plain.do(plain.request(Website, http.MethodPut, "/orders/coinbase.P", `{"user":"u2","amount":"0.01","currency":"USD"}`))
		}(),
		"nothing-missing":    plain.do(plain.request(Operator, http.MethodPost, "/log/loss-acceptance", `{"reason":"seen"}`)),
		"too-large":          plain.do(plain.request(Website, http.MethodPut, "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", strings.Repeat(" ", maxRequestBytes+1))),
		"header-too-large":   plain.dial(t, "GET /healthz HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", maxHeaderBytes)+"\r\n\r\n", http.MethodGet)[0],
		"not-strict-json":    plain.post("{"),
		"internal":           broken(errors.New("a fault")).get(Website, "/balances/u1"),
		"store-unavailable":  broken(eventstore.ErrUnavailable).post(completed("A", "u1", 1, "USD")),
		"contended":          broken(eventstore.ErrConflict).post(completed("A", "u1", 1, "USD")),
		"overloaded":         full.post(completed("A", "u1", 1, "USD")),
		"log-damaged":        broken(eventstore.ErrDamaged).post(completed("A", "u1", 1, "USD")),
		"projection-behind":  building.get(Website, "/balances/u1"),
		"projection-stopped": ended.get(Website, "/balances/u1"),

		"read-model-unreachable": broken(fmt.Errorf("read: %w", follow.ErrUnreachable)).get(Website, "/balances/u1"),
	}
	maps.Copy(answers, problemsOfDecisions(newWorld(t, wiring{})))
	for _, k := range problemsByTable {
		if a, ok := answers[k.name]; !ok || !isProblem(a, k) {
			t.Errorf("%s: %d %s", k.name, a.Status, a.Body)
		}
		if a := plain.get("", "/problems/"+k.name); a.Status != http.StatusOK || !strings.Contains(string(a.Body), k.title) {
			t.Errorf("%s is not explained: %d %s", k.name, a.Status, a.Body)
		}
	}
}

func TestRequestIDsAreUniqueAndLeadFromAProblemToTheLog(t *testing.T) {
	w := newWorld(t, wiring{})
	ulid := regexp.MustCompile("^[0-9A-HJKMNP-TV-Z]{26}$")
	seen := make(map[string]bool)
	for range 100 {
		a := w.do(httptest.NewRequest(http.MethodGet, "/balances/u1", nil))
		id := a.Header.Get("X-Request-Id")
		if !ulid.MatchString(id) || seen[id] {
			t.Fatalf("request id %q", id)
		}
		seen[id] = true
		var p Problem
		if err := json.Unmarshal(a.Body, &p); err != nil || p.RequestID != id {
			t.Fatalf("the problem has the request id %q: %v", p.RequestID, err)
		}
		if !strings.Contains(w.log.text(), `"request_id":"`+id+`"`) {
			t.Fatalf("the log does not have the request id %q", id)
		}
	}
}

func TestARequestIDIsTheDeliveryOfTheEventsThatItCaused(t *testing.T) {
	w := newWorld(t, wiring{})
	r := newCallback(target, strings.NewReader(completed("A", "u1", 1, "USD")))
	r.Header.Set("X-Request-Id", "canary of the client")
	id := w.do(r).Header.Get("X-Request-Id")
	for _, e := range w.events("order-coinbase.A") {
		if !strings.Contains(string(e.Metadata), `"commandId":"`+id+`"`) {
			t.Errorf("%s of %s", e.Metadata, id)
		}
	}
}

func TestAPanicIsAnsweredAndLoggedWithoutWhatWasInIt(t *testing.T) {
	for name, cause := range map[string]any{
		"a text":        "canary",
		"an error":      errors.New("canary"),
		"a runtime one": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{balancesReader: func(b Balances) Balances {
				if cause == nil {
					return nil // to call it is an error of the runtime
				}
				return brokenBalances{Balances: b, panic: cause}
			}})
			for range 2 * maxReading { // a panic gives its slot back
				if a := w.do(w.request(Website, http.MethodGet, "/balances/u1", "")); !isProblem(a, internal) {
					t.Fatalf("%d %s", a.Status, a.Body)
				}
			}
			if log := w.log.text(); !strings.Contains(log, `"msg":"panic"`) || !strings.Contains(log, "balances.go") {
				t.Error("the log does not say where")
			}
			if a := w.post(completed("A", "u1", 1, "USD")); a.Status != http.StatusOK {
				t.Errorf("a callback after that: %d %s", a.Status, a.Body)
			}
		})
	}
}
