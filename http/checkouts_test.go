package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daybook/http/callback/hook0"

	"github.com/go-json-experiment/json"
)

const checkoutsPath = "/callbacks/coinbase/checkouts"

// checkout is the body of a webhook.
func checkout(id, event, status string) string {
	return fmt.Sprintf(`{"id":"%s","eventType":"%s","status":"%s","amount":"100.00","currency":"USDC","network":"base",`+
		`"address":"0xac5f","updatedAt":"2026-11-20T10:07:30Z","description":"canary","metadata":{"reference":"site-1","email":"canary@example.com"}}`, id, event, status)
}

// webhook is a webhook as Coinbase signs it; covered headers make it v1.
func webhook(t testing.TB, secret string, at time.Time, body string, covered ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, checkoutsPath, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.9:4711"
	r.Header.Set("X-Event-Id", "event-1")
	r.Header.Set("X-Event-Type", "type-1")
	signature, err := hook0.Sign(secret, at, r.Header, []byte(body), covered...)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(hook0.Header, signature)
	return r
}

func TestAWebhookIsTakenForItsSignatureAlone(t *testing.T) {
	w := newWorld(t, wiring{})
	now, minutes := time.Now(), 5*time.Minute-20*time.Second
	body := checkout("c1", "checkout.payment.expired", "EXPIRED")
	change := func(r *http.Request, name string, values ...string) *http.Request {
		r.Header[http.CanonicalHeaderKey(name)] = values
		return r
	}
	covered := []string{"x-event-id", "x-event-type"}
	v1 := func() *http.Request { return webhook(t, checkoutSecret, now, body, covered...) }
	forged := webhook(t, checkoutSecret, now, body)
	forged.Body = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Replace(body, "100.00", "900.00", 1))).Body
	broken := v1()
	broken.Header.Set(hook0.Header, strings.Replace(broken.Header.Get(hook0.Header), ",v1=", ",v1=00", 1)) // v0 is still right
	for _, c := range []struct {
		name    string
		request *http.Request
		says    string // of a refusal
	}{
		{"v0", webhook(t, checkoutSecret, now, body), ""},
		{"v1", v1(), ""},
		{"v1 with other headers", change(v1(), "User-Agent", "another"), ""},
		{"five minutes ago", webhook(t, checkoutSecret, now.Add(-minutes), body), ""},
		{"in five minutes", webhook(t, checkoutSecret, now.Add(minutes), body, covered...), ""},
		{"stale", webhook(t, checkoutSecret, now.Add(-minutes-time.Minute), body), "five minutes"},
		{"stale, by v1", webhook(t, checkoutSecret, now.Add(-minutes-time.Minute), body, covered...), "five minutes"},
		{"in the future", webhook(t, checkoutSecret, now.Add(minutes+time.Minute), body), "five minutes"},
		{"a stale test", webhook(t, sandboxSecret, now.Add(-minutes-time.Minute), body), "five minutes"},
		{"another secret", webhook(t, "canary-wrong", now, body), "no live secret"},
		{"another secret, by v1", webhook(t, "canary-wrong", now, body, covered...), "no live secret"},
		{"the secret of a callback URL", webhook(t, secret, now, body), "no live secret"},
		{"another body", forged, "no live secret"},
		{"a right v0 beside a wrong v1", broken, "malformed"},
		{"a covered header that is missing", change(v1(), "X-Event-Id"), "header that the signature covers"},
		{"a covered header that came twice", change(v1(), "X-Event-Id", "event-1", "event-1"), "header that the signature covers"},
		{"a covered header that was changed", change(v1(), "X-Event-Id", "event-2"), "no live secret"},
		{"no signature", change(v1(), hook0.Header), "no signature header"},
		{"two signatures", change(v1(), hook0.Header, "t=1", "t=1"), "more than one"},
		{"no signature but garbage", change(v1(), hook0.Header, "canary"), "malformed"},
	} {
		before := w.end()
		a := w.do(c.request)
		if c.says == "" {
			if a.Status != http.StatusOK || decodeCallback(t, a).Stream != "order-checkout.c1" {
				t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
			}
			continue
		}
		if !isProblem(a, unauthorized) || !strings.Contains(string(a.Body), c.says) || !strings.Contains(string(a.Body), "DAYBOOK_CHECKOUT_SECRETS") || w.end() != before {
			t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
		}
		sent := c.request.Header.Get(hook0.Header)
		if _, code, found := strings.Cut(sent, "v0="); strings.Contains(string(a.Body), "canary") || found && strings.Contains(string(a.Body), code[:64]) {
			t.Errorf("%s: the answer repeats what came: %s", c.name, a.Body)
		}
	}
}

func TestASignatureIsKeptWithTheHeadersThatItCovers(t *testing.T) {
	w := newWorld(t, wiring{})
	r := webhook(t, checkoutSecret, time.Now(), checkout("c1", "checkout.payment.expired", "EXPIRED"), "x-event-id")
	r.Header.Set("Authorization", "Bearer "+tokens[Operator])
	w.do(r)
	var kept struct {
		Evidence struct {
			Format, Source string
			Headers        map[string]string
		} `json:"evidence"`
	}
	events := w.events("order-checkout.c1")
	if len(events) != 1 || json.Unmarshal(events[0].Metadata, &kept, json.MatchCaseInsensitiveNames(true)) != nil {
		t.Fatal(events)
	}
	if e := kept.Evidence; e.Format != "coinbase-checkouts" || e.Source != "203.0.113.9" || len(e.Headers) != 2 ||
		e.Headers["X-Hook0-Signature"] != r.Header.Get(hook0.Header) || e.Headers["X-Event-Id"] != "event-1" {
		t.Errorf("the evidence is %+v", e)
	}
}

func TestAWebhookThatOnlyTheSandboxSignsIsATest(t *testing.T) {
	w := newWorld(t, wiring{})
	before := w.end()
	for _, body := range []string{checkout("c1", "checkout.payment.success", "COMPLETED"), `{}`, `not JSON`} {
		a := w.do(webhook(t, sandboxSecret, time.Now(), body, "x-event-id"))
		if a.Status != http.StatusOK || string(a.Body) != "{\"outcome\":\"test\"}\n" {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	if w.end() != before {
		t.Error("something of a test is stored")
	}
	if !strings.Contains(w.metrics(), `daybook_callbacks_total{outcome="test"} 3`) {
		t.Error("tests are not counted")
	}
	w.signatures.Set(mustSign(t, sandboxSecret), hook0.Secrets{}) // as on a sandbox log
	if a := w.do(webhook(t, sandboxSecret, time.Now(), checkout("c1", "checkout.payment.expired", "EXPIRED"))); decodeCallback(t, a).Outcome != "recorded" {
		t.Errorf("on a sandbox log: %s", a.Body)
	}
}

func TestSecretsOfWebhooksAreReplacedWhileInUse(t *testing.T) {
	w := newWorld(t, wiring{})
	body := checkout("c1", "checkout.payment.expired", "EXPIRED")
	post := func(secret string) int { return w.do(webhook(t, secret, time.Now(), body)).Status }
	for _, c := range []struct {
		log, tests   hook0.Secrets
		older, newer int
	}{
		{mustSign(t, checkoutSecret), hook0.Secrets{}, 200, 401},
		{mustSign(t, checkoutSecret, "canary-newer"), hook0.Secrets{}, 200, 200},
		{mustSign(t, "canary-newer"), hook0.Secrets{}, 401, 200},
		{hook0.Secrets{}, mustSign(t, "canary-newer"), 401, 200},
		{hook0.Secrets{}, hook0.Secrets{}, 404, 404},
	} {
		w.signatures.Set(c.log, c.tests)
		if older, newer := post(checkoutSecret), post("canary-newer"); older != c.older || newer != c.newer {
			t.Errorf("the older secret is answered %d, not %d; the newer %d, not %d", older, c.older, newer, c.newer)
		}
	}
	a := w.do(webhook(t, checkoutSecret, time.Now(), body))
	if !isProblem(a, notFound) || !strings.Contains(string(a.Body), "DAYBOOK_CHECKOUT_SECRETS") {
		t.Errorf("without a secret: %s", a.Body)
	}
	if a := w.post(completed("A", "u1", 1, "USD")); a.Status != http.StatusOK {
		t.Errorf("the other route: %d", a.Status)
	}
}

func TestABodyAtAnotherGenerationsRouteIsKeptAndAnsweredWithTheRightOne(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, c := range []struct{ name, route, body, says string }{
		{"a webhook at version 1", "/callbacks/coinbase", checkout("c1", "payment_link.payment.success", "COMPLETED"), checkoutsPath},
		{"version 1 at webhooks", checkoutsPath, completed("A", "u1", 1, "USD"), "/callbacks/coinbase"},
		{"a Commerce event at webhooks", checkoutsPath, `{"id":1,"event":{"type":"charge:confirmed"}}`, ""},
	} {
		var a answer
		if c.route == checkoutsPath {
			a = w.do(webhook(t, checkoutSecret, time.Now(), c.body))
		} else {
			a = w.post(c.body)
		}
		got := decodeCallback(t, a)
		if got.Outcome != "quarantined" || got.Route != c.says || !strings.HasPrefix(got.Detail, "The body is a ") {
			t.Errorf("%s: %s", c.name, a.Body)
		}
		if kept := types(w.events(got.Stream)); kept != "CallbackQuarantined" {
			t.Errorf("%s: %s is kept", c.name, kept)
		}
	}
}

// Until a payment is verified at Coinbase, a signature credits nothing.
func TestASignatureAloneCreditsNothing(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, c := range []struct{ event, outcome string }{
		{"payment_link.payment.success", "recorded"}, {"checkout.payment.success", "duplicate"}, // the same payment
	} {
		a := w.do(webhook(t, checkoutSecret, time.Now(), checkout("c1", c.event, "COMPLETED")))
		if decodeCallback(t, a).Outcome != c.outcome {
			t.Errorf("%s: %s", c.event, a.Body)
		}
	}
	if all := types(w.events("order-checkout.c1")); all != "PaymentReceived" {
		t.Errorf("the events are %s", all)
	}
	if a := w.get(Website, "/balances/site-1"); strings.Contains(string(a.Body), "USDC") {
		t.Errorf("the metadata's name has %s", a.Body)
	}
}

func TestAWebhookThatIsTooLargeIsNotKept(t *testing.T) {
	w := newWorld(t, wiring{})
	before := w.end()
	a := w.do(webhook(t, checkoutSecret, time.Now(), strings.Repeat(" ", 257<<10)))
	if !isProblem(a, tooLarge) || w.end() != before {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
