package main_test

import (
	"crypto/elliptic"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase/coinbasetest"
)

// TestCheckFindsNothingWrong with either kind of key, live and in the sandbox.
func TestCheckFindsNothingWrong(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	w := newLiveCoinbase(t, takes)
	w.subscribe(func(s *coinbasetest.Subscription) { s.Target.URL = "https://other.site/" })
	w.subscribe(func(s *coinbasetest.Subscription) { s.Labels = map[string]string{"sandbox": "true"} })
	w.subscribe(func(s *coinbasetest.Subscription) { s.Enabled = false })
	sub := w.subscribe(func(s *coinbasetest.Subscription) {
		s.Target.URL = "https://your.site/daybook/callbacks/coinbase/checkouts?key=" + webhookSecret
		s.EventTypes = append(s.EventTypes, "payment_link.payment.success", "payment_link.payment.failed", "payment_link.payment.expired")
	})
	w.expect(t, "live", nil, nil, "", "")
	w.Deliver(sub.ID, "checkout.payment.success", 401)
	w.Deliver(sub.ID, "checkout.payment.success", 204)
	w.expect(t, "two secrets and deliveries", []string{"DAYBOOK_CHECKOUT_SECRETS=" + webhookSecret + "," + otherSecret}, nil, "", "")
	w.expect(t, "uris", []string{"DAYBOOK_COINBASE_CLAIMS=uris"}, nil, "", "")
	_, lines := w.check(t, []string{"DAYBOOK_SERVER=http://127.0.0.1:1"})
	if got := lines["signature"]; got[0] != "ok" || !strings.Contains(got[1], "on this machine alone") {
		t.Errorf("without a server signature is %q", got)
	}

	sandbox := newCoinbase(t, takesWebhooks(t, true), newEd25519(t), coinbasetest.Options{Sandbox: true})
	sandbox.subscribe(nil)
	sandbox.subscribe(func(s *coinbasetest.Subscription) { s.Labels = map[string]string{"sandbox": "true"} })
	sandbox.expect(t, "sandbox", nil, []string{"--sandbox"}, "", "")
}

// TestCheckOfTheKey fails for whatever Coinbase answers 401.
func TestCheckOfTheKey(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	w := newLiveCoinbase(t, takes)
	w.subscribe(nil)
	depend := []string{"scope", "list", "subscription", "deliveries"}
	w.FailNext(coinbasetest.Unauthorized)
	w.expect(t, "401", nil, nil, "key", "unauthorized: check the API key's name", depend...)
	w.expect(t, "another name", []string{"DAYBOOK_COINBASE_KEY_NAME=other"}, nil, "key", "unauthorized", depend...)
	w.expect(t, "another key", []string{"DAYBOOK_COINBASE_KEY=" + newPEM(t, elliptic.P256())}, nil, "key", "unauthorized", depend...)
	w.expect(t, "another algorithm", []string{"DAYBOOK_COINBASE_KEY=" + newEd25519(t)}, nil, "key", "an Ed25519 key may be refused", depend...)
	depend = append(depend, "clock")
	w.expect(t, "no key", []string{"DAYBOOK_COINBASE_KEY=", "DAYBOOK_COINBASE_KEY_NAME="}, nil, "key", "set DAYBOOK_COINBASE_KEY_NAME and DAYBOOK_COINBASE_KEY", depend...)
	w.expect(t, "no name", []string{"DAYBOOK_COINBASE_KEY_NAME="}, nil, "key", "set DAYBOOK_COINBASE_KEY_NAME", depend...)
	w.expect(t, "half a key", []string{"DAYBOOK_COINBASE_KEY=" + w.key[:80]}, nil, "key", "neither a PEM block", depend...)
	w.expect(t, "a URL without TLS", []string{"DAYBOOK_CDP_URL=http://api.cdp.coinbase.com"}, nil, "key", "--cdp-url: coinbase: the base URL must use https", depend...)
}

// TestCheckOfTheAnswers tells the scope and the list from the key.
func TestCheckOfTheAnswers(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	w := newLiveCoinbase(t, takes)
	w.subscribe(nil)
	w.FailNext(coinbasetest.Forbidden)
	w.expect(t, "403", nil, nil, "scope", "grant the API key the scope View", "list")
	short := []string{"--timeout", "300ms"}
	for what, c := range map[string]struct {
		fault coinbasetest.Fault
		says  string
	}{
		"404":  {coinbasetest.NotFound, "not-found"},
		"429":  {coinbasetest.RateLimited(7 * time.Second), "rate-limited, retry after 7s: wait"},
		"503":  {coinbasetest.ServerError, "server-error"},
		"cut":  {coinbasetest.Cut, "unreadable (unexpected EOF)"},
		"HTML": {coinbasetest.Fault{Body: "<html>" + otherSecret}, "not the JSON"},
	} {
		w.FailNext(c.fault)
		w.expect(t, what, nil, nil, "list", c.says, "key", "scope")
	}
	w.FailNext(coinbasetest.Hang)
	w.expect(t, "hung", nil, short, "list", "timeout", "key", "scope", "clock")
	w.expect(t, "unreachable", []string{"DAYBOOK_COINBASE_URL=http://127.0.0.1:1"}, nil, "list", "unreachable", "key", "scope", "clock")
}

// TestCheckOfTheSubscription names what the subscription that comes nearest lacks.
func TestCheckOfTheSubscription(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	for what, c := range map[string]struct {
		change func(*coinbasetest.Subscription)
		says   string
		reads  bool // its deliveries are looked at
	}{
		"another URL": {func(s *coinbasetest.Subscription) {
			s.Target.URL = "https://your.site/callbacks/coinbase?secret=" + otherSecret
		}, "target.url that ends in /callbacks/coinbase/checkouts", false},
		"without TLS":   {func(s *coinbasetest.Subscription) { s.Target.URL = strings.Replace(webhookURL, "https", "http", 1) }, "target.url that ends in", false},
		"the sandbox's": {func(s *coinbasetest.Subscription) { s.Labels = map[string]string{"sandbox": "true"} }, "is the sandbox's: create another", false},
		"disabled":      {func(s *coinbasetest.Subscription) { s.Enabled = false }, "set isEnabled to true", false},
		"no refunds":    {func(s *coinbasetest.Subscription) { s.EventTypes = s.EventTypes[:3] }, "lacks the event types checkout.refund.success, checkout.refund.failed", true},
		"other events":  {func(s *coinbasetest.Subscription) { s.EventTypes = []string{"onramp.transaction.updated"} }, "lacks the event types checkout.payment.success", true},
		"half the links": {func(s *coinbasetest.Subscription) {
			s.EventTypes = append(s.EventTypes, "payment_link.payment.success")
		},
			"lacks the event types payment_link.payment.failed, payment_link.payment.expired", true},
	} {
		w := newLiveCoinbase(t, takes)
		w.subscribe(c.change)
		skipped := []string{"deliveries"}
		if c.reads {
			skipped = nil
		}
		w.expect(t, what, nil, nil, "subscription", c.says, skipped...)
	}
	w := newLiveCoinbase(t, takes)
	w.expect(t, "none", nil, nil, "subscription", "create one whose target.url is https://your.site/callbacks/coinbase/checkouts", "deliveries")
	w.subscribe(nil)
	for what, c := range map[string]struct {
		fault coinbasetest.Fault
		says  string
	}{
		"401": {coinbasetest.Unauthorized, "unauthorized"}, "403": {coinbasetest.Forbidden, "forbidden"}, "404": {coinbasetest.NotFound, "not-found"},
		"429": {coinbasetest.RateLimited(time.Second), "rate-limited"}, "hung": {coinbasetest.Hang, "timeout"}, "cut": {coinbasetest.Cut, "unreadable"},
	} {
		w.FailNext(coinbasetest.Fault{}, c.fault)
		w.expect(t, what, nil, []string{"--timeout", "300ms"}, "subscription", c.says, "deliveries")
		w.FailNext(coinbasetest.Fault{}, coinbasetest.Fault{}, c.fault)
		w.expect(t, what+" of the deliveries", nil, []string{"--timeout", "300ms"}, "deliveries", c.says)
	}
	live := newCoinbase(t, takesWebhooks(t, true), newPEM(t, elliptic.P256()), coinbasetest.Options{Sandbox: true})
	live.subscribe(nil)
	live.expect(t, "live alone", nil, []string{"--sandbox"}, "subscription", `create another with "labels":{"sandbox":"true"}`, "deliveries")
	many := newLiveCoinbase(t, takes)
	for range 41 {
		many.subscribe(nil)
	}
	many.expect(t, "too many", nil, nil, "subscription", "more than 20 pages", "deliveries")
}

// TestCheckOfTheDeliveries goes by the last answer.
func TestCheckOfTheDeliveries(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	w := newLiveCoinbase(t, takes)
	sub := w.subscribe(nil)
	w.Deliver(sub.ID, "checkout.payment.success", 0)
	if _, lines := w.check(t, nil); lines["deliveries"] != [2]string{"ok", "none has been answered yet"} {
		t.Errorf("before an answer deliveries is %q", lines["deliveries"])
	}
	for status, says := range map[int]string{
		401: "has not the secret", 403: "firewall", 404: "the route is off until DAYBOOK_CHECKOUT_SECRETS is set", 308: "follows no redirect", 503: "sends it again", 422: "server's log",
	} {
		w.Deliver(sub.ID, "checkout.payment.success", 200)
		w.Deliver(sub.ID, "checkout.payment.failed", status)
		w.expect(t, fmt.Sprint(status), nil, nil, "deliveries", fmt.Sprintf("was answered %d: ", status))
		if _, lines := w.check(t, nil); !strings.Contains(lines["deliveries"][1], says) {
			t.Errorf("of %d deliveries is %q", status, lines["deliveries"])
		}
	}
	w.Deliver(sub.ID, "checkout.payment.success", 200)
	w.expect(t, "200 at last", nil, nil, "", "")
}

// TestCheckOfTheSignature tries each secret on the server, which must know all.
func TestCheckOfTheSignature(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	w := newLiveCoinbase(t, takes)
	w.subscribe(nil)
	answers := func(status int) string {
		return "DAYBOOK_SERVER=" + listenOn(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/"+otherSecret)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, otherSecret)
		}))
	}
	for what, c := range map[string]struct{ setting, says string }{
		"no secret":          {"DAYBOOK_CHECKOUT_SECRETS=", "set DAYBOOK_CHECKOUT_SECRETS to the one"},
		"an empty secret":    {"DAYBOOK_CHECKOUT_SECRETS=" + webhookSecret + ",,x", "a webhook secret is empty"},
		"another secret":     {"DAYBOOK_CHECKOUT_SECRETS=" + webhookSecret + ",unknown", "secret 2 of DAYBOOK_CHECKOUT_SECRETS: the server answers 401: the server's DAYBOOK_CHECKOUT_SECRETS has not the secret"},
		"twice":              {"DAYBOOK_CHECKOUT_SECRETS_FILE=/nowhere", "unset one"},
		"a server of others": {answers(200), "--server names no daybook"},
		"401 of another":     {answers(401), "the server answers 401"},
		"404":                {answers(404), "the server answers 404: the route is off until DAYBOOK_CHECKOUT_SECRETS is set"},
		"a redirect":         {answers(308), "follows no redirect"},
		"503":                {answers(503), "the server answers 503"},
		"a name of nothing":  {"DAYBOOK_SERVER=http://nothing.invalid", "name the server with --server"},
		"a hung server":      {"DAYBOOK_SERVER=" + listenOn(t, http.HandlerFunc(hang)), "no answer"},
	} {
		w.expect(t, what, []string{c.setting}, []string{"--timeout", "1s"}, "signature", c.says)
	}
	off := start(t, options{})
	w.expect(t, "a server whose route is off", []string{"DAYBOOK_SERVER=http://" + off.address}, nil, "signature", "the route is off until DAYBOOK_CHECKOUT_SECRETS is set")
	if code, p := run(t, w.settings, "check", "coinbase", "--server", "http://u:p@h"); code != 1 || !strings.Contains(p.stderr.String(), "--server must have no password") {
		t.Errorf("with a password in --server the check ends with %d:\n%s", code, p.stderr)
	}
}

// TestCheckOfTheClock compares with the answers' Date, that of a refusal too.
func TestCheckOfTheClock(t *testing.T) {
	anyLog(t)
	t.Parallel()
	takes := takesWebhooks(t, false)
	behind := newCoinbase(t, takes, newPEM(t, elliptic.P256()), coinbasetest.Options{Now: func() time.Time { return time.Now().Add(time.Minute) }})
	behind.subscribe(nil)
	behind.expect(t, "behind", nil, nil, "clock", "behind Coinbase's: synchronise it")
	ahead := newCoinbase(t, takes, newPEM(t, elliptic.P256()), coinbasetest.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	code, lines := ahead.check(t, nil)
	if code != 1 || lines["key"][0] != "failed" || !strings.Contains(lines["key"][1], "this clock is") || lines["clock"][0] != "failed" || !strings.Contains(lines["clock"][1], "ahead of Coinbase's") {
		t.Errorf("an hour ahead the check ends with %d: %q", code, lines)
	}
}

// hang answers nothing. A server sees that its client is gone after it has read the body.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}
