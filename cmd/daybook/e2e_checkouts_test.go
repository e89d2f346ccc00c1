package main_test

import (
	"crypto/elliptic"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/http/callback/hook0"
)

const (
	checkoutsPath   = "/callbacks/coinbase/checkouts"
	checkoutSetting = "DAYBOOK_CHECKOUT_SECRETS=" + checkoutSecret
	sandboxSetting  = "DAYBOOK_CHECKOUT_SANDBOX_SECRETS=" + checkoutSecret
)

// checkout is the body of a webhook.
func checkout(id, event, status string) string {
	return fmt.Sprintf(`{"id":"%s","eventType":"checkout.payment.%s","status":"%s","amount":"100.00","currency":"USDC","network":"base","updatedAt":"2026-11-20T10:07:30Z"}`, id, event, status)
}

// webhook posts a webhook, signed by a secret, through this machine as a proxy of an
// address.
func (c client) webhook(secret, from, body string) answer {
	c.test.Helper()
	return c.send(c.signed(secret, from, body))
}

// signed is the request of a webhook.
func (c client) signed(secret, from, body string) *http.Request {
	c.test.Helper()
	request, err := http.NewRequest("POST", "http://"+c.address+checkoutsPath, strings.NewReader(body))
	if err != nil {
		c.test.Fatal(err)
	}
	request.Header.Set("X-Event-Id", "event-1")
	if from != "" {
		request.Header.Set("X-Forwarded-For", from)
	}
	signature, err := hook0.Sign(secret, time.Now(), request.Header, []byte(body), "x-event-id")
	if err != nil {
		c.test.Fatal(err)
	}
	request.Header.Set(hook0.Header, signature)
	return request
}

// TestACheckoutSecretAloneTakesWebhooksFromAnyAddress starts as a merchant who has no
// callback URL of version 1.
func TestACheckoutSecretAloneTakesWebhooksFromAnyAddress(t *testing.T) {
	t.Parallel()
	s := start(t, options{from: "54.243.226.26", settings: []string{checkoutSetting, tokensSetting}, arguments: []string{"--trusted-proxy", "127.0.0.1"}})
	for i, from := range []string{"", "203.0.113.9", "2001:db8::1"} {
		id := fmt.Sprint("C", i)
		if o := s.outcome(s.webhook(checkoutSecret, from, checkout(id, "expired", "EXPIRED"))); o.Outcome != "recorded" || o.Stream != "order-checkout."+id {
			t.Errorf("from %q a webhook is %+v", from, o)
		}
	}
	if o := s.outcome(s.webhook(checkoutSecret, "", checkout("PAID", "success", "COMPLETED"))); o.Outcome != "held" {
		t.Errorf("a success is %+v", o)
	}
	if a := s.webhook("wrong", "", checkout("WRONG", "success", "COMPLETED")); a.status != 401 {
		t.Errorf("with a wrong secret a webhook is answered %d", a.status)
	}
	if a := s.post(completedOrder("V1", "ann", 100)); a.status != 404 || !strings.Contains(a.body, "DAYBOOK_CALLBACK_SECRETS") {
		t.Errorf("a callback of version 1 is answered %d %s", a.status, a.body)
	}
	s.terminate()
	succeed(t, "verify", "--data", s.data) // reads the kept bodies again
	if n := len(count(replay(t, s.data), "PaymentVerified")); n != 0 {
		t.Errorf("%d payments are credited", n)
	}

	other := start(t, options{settings: []string{secretsSetting, tokensSetting}})
	if a := other.webhook(checkoutSecret, "", checkout("C", "expired", "EXPIRED")); a.status != 404 || !strings.Contains(a.body, "DAYBOOK_CHECKOUT_SECRETS") {
		t.Errorf("without a checkout secret a webhook is answered %d %s", a.status, a.body)
	}
}

func TestWebhooksComeFromTheAddressesOfCheckoutFrom(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{settings: []string{checkoutSetting, secretsSetting, tokensSetting}, arguments: []string{"--trusted-proxy", "127.0.0.1", "--checkout-from", "203.0.113.0/24"}})
	if a := s.webhook(checkoutSecret, "203.0.113.9", checkout("C", "expired", "EXPIRED")); a.status != 200 {
		t.Errorf("an allowed address is answered %d", a.status)
	}
	if a := s.webhook(checkoutSecret, "192.0.2.1", checkout("C", "expired", "EXPIRED")); a.status != 403 || !strings.Contains(a.body, "--checkout-from") {
		t.Errorf("another one is answered %d %s", a.status, a.body)
	}
}

// TestHangupRotatesSecretsOfWebhooks has two live, and files that cannot be used in
// between.
func TestHangupRotatesSecretsOfWebhooks(t *testing.T) {
	t.Parallel()
	const newer, test = "newer", "of-the-sandbox"
	secrets, sandbox := secretFile(t, checkoutSecret), secretFile(t, test)
	s := start(t, options{settings: []string{tokensSetting, "DAYBOOK_CHECKOUT_SECRETS_FILE=" + secrets, "DAYBOOK_CHECKOUT_SANDBOX_SECRETS_FILE=" + sandbox}})
	lines := 0
	for _, c := range []struct {
		name, live, tests             string
		older, newer, sandbox, recent int // statuses; recent is of a sandbox secret that comes later
	}{
		{"at the start", checkoutSecret, test, 200, 401, 200, 401},
		{"with both", checkoutSecret + "\n" + newer, test, 200, 200, 200, 401},
		{"with an empty file", "", test, 200, 200, 200, 401},
		{"with one in both files", checkoutSecret, test + "," + checkoutSecret, 200, 200, 200, 401},
		{"with another of the sandbox", checkoutSecret + "\n" + newer, test + "\nrecent", 200, 200, 200, 200},
		{"with the newer one alone", newer, "recent", 401, 200, 401, 200},
	} {
		replaceFile(t, secrets, c.live)
		replaceFile(t, sandbox, c.tests)
		lines++
		s.hangUp(lines)
		for secret, status := range map[string]int{checkoutSecret: c.older, newer: c.newer, test: c.sandbox, "recent": c.recent} {
			a := s.webhook(secret, "", checkout("HUP", "expired", "EXPIRED"))
			if isTest := strings.Contains(a.body, `"test"`); a.status != status || status == 200 && isTest != (secret == test || secret == "recent") {
				t.Errorf("%s, %s is answered %d %s", c.name, secret, a.status, a.body)
			}
		}
	}
	if log := s.stderr.String(); strings.Count(log, "secrets and tokens stay as they were") != 2 || !strings.Contains(log, `"checkout_secrets":2,"checkout_sandbox_secrets":1`) {
		t.Errorf("the log is\n%s", log)
	}
}

// TestALogIsOfTheSandboxOrLiveForEver starts both kinds otherwise than at first.
func TestALogIsOfTheSandboxOrLiveForEver(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	sandbox := options{data: data, settings: []string{sandboxSetting, tokensSetting}, arguments: []string{"--sandbox"}}
	s := start(t, sandbox)
	if o := s.outcome(s.webhook(checkoutSecret, "", checkout("C", "expired", "EXPIRED"))); o.Outcome != "recorded" {
		t.Errorf("in a sandbox log its webhook is %+v", o)
	}
	s.terminate()
	launch(t, options{data: data, settings: []string{checkoutSetting, tokensSetting}}).checkRefused(1, "sandbox's", "start with --sandbox, or name another")
	if again := start(t, sandbox); again.outcome(again.webhook(checkoutSecret, "", checkout("C", "expired", "EXPIRED"))).Outcome != "duplicate" {
		t.Error("started again it is another log")
	}

	live := start(t, options{settings: []string{checkoutSetting, "DAYBOOK_CHECKOUT_SANDBOX_SECRETS=test", tokensSetting}})
	if a := live.webhook("test", "", checkout("C", "success", "COMPLETED")); a.status != 200 || !strings.Contains(a.body, `{"outcome":"test"}`) {
		t.Errorf("in a live log a webhook of the sandbox is answered %d %s", a.status, a.body)
	}
	live.terminate()
	if events := replay(t, live.data); len(events) != 1 {
		t.Errorf("of a test %+v is kept", events)
	}
	launch(t, options{data: live.data, settings: sandbox.settings, arguments: sandbox.arguments}).checkRefused(1, "live one", "start without --sandbox, or name another")
}

func TestABackupOfASandboxLogIsOne(t *testing.T) {
	embedded(t)
	t.Parallel()
	sandbox := options{settings: []string{sandboxSetting, tokensSetting}, arguments: []string{"--sandbox"}}
	s := start(t, sandbox)
	s.outcome(s.webhook(checkoutSecret, "", checkout("C", "expired", "EXPIRED")))
	copied := filepath.Join(t.TempDir(), "copy")
	succeed(t, "backup", "--data", s.data, copied)
	succeed(t, "verify", "--data", copied)
	if first := succeed(t, "replay", "daybook-log", "--data", copied); !strings.Contains(first, `"sandbox":true`) {
		t.Errorf("its first event is %s", first)
	}
	launch(t, options{data: copied, settings: []string{checkoutSetting, tokensSetting}}).checkRefused(1, "start with --sandbox")
	sandbox.data = copied
	start(t, sandbox)
}

// TestDevMakesACheckoutSecret in a directory that has secrets of before, too.
func TestDevMakesACheckoutSecret(t *testing.T) {
	anyLog(t)
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "dev-secrets.json")
	write(t, path, `{"callback_secrets":["made-before-checkouts-came"],"tokens":["website:dev:made-before-checkouts-came-2"]}`)
	for range 2 {
		s := start(t, options{data: data, settings: []string{}, arguments: []string{"--dev"}})
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), "made-before-checkouts-came-2") {
			t.Fatalf("%s, %v", content, err)
		}
		_, rest, _ := strings.Cut(string(content), `"checkout_secrets": [`)
		secret := strings.Split(rest, `"`)[1]
		if a := s.webhook(secret, "", checkout("DEV", "expired", "EXPIRED")); a.status != 200 || len(secret) < 32 {
			t.Errorf("the secret of --dev is answered %d %s", a.status, a.body)
		}
		if strings.Contains(s.stderr.String(), secret) {
			t.Error("it is in the log")
		}
		s.terminate()
	}
}

func TestCommandsKnowTheSettingsOfCheckouts(t *testing.T) {
	anyLog(t)
	t.Parallel()
	const url = "https://your.site" + checkoutsPath
	for _, c := range []struct {
		settings []string
		lines    int
		signed   bool
	}{
		{nil, 1, true}, {[]string{checkoutSetting}, 1, true}, {[]string{sandboxSetting}, 1, true},
		{[]string{"DAYBOOK_CALLBACK_SECRETS=a-secret-that-is-printed", checkoutSetting}, 2, true}, {[]string{"DAYBOOK_CALLBACK_SECRETS=a-secret-that-is-printed"}, 1, false},
	} {
		code, p := run(t, c.settings, "callback-url", "https://your.site/")
		lines := strings.Fields(p.stdout.String())
		if code != 0 || len(lines) != c.lines || (lines[len(lines)-1] == url) != c.signed {
			t.Errorf("with %q callback-url ends with %d and prints %q", c.settings, code, lines)
		}
		if said := p.stderr.String(); (said == "") != (c.settings != nil) || c.settings == nil && !strings.Contains(said, "DAYBOOK_CHECKOUT_SECRETS") {
			t.Errorf("with %q it says %q", c.settings, said)
		}
	}
	code, report := checkConfig(t, []string{checkoutSetting, "DAYBOOK_CHECKOUT_SANDBOX_SECRETS=x", tokensSetting})
	if code != 0 {
		t.Errorf("check-config ends with %d: %q", code, report.Mistakes)
	}
	for name, want := range map[string][2]string{
		"checkout-secrets": {"********", "environment DAYBOOK_CHECKOUT_SECRETS"}, "checkout-sandbox-secrets": {"********", "environment DAYBOOK_CHECKOUT_SANDBOX_SECRETS"},
		"callback-secrets": {"", "default"}, "checkout-from": {"0.0.0.0/0,::/0", "default"}, "sandbox": {"false", "default"},
	} {
		if value, from := report.setting(t, name); value != want[0] || from != want[1] {
			t.Errorf("%s is %q from %s", name, value, from)
		}
	}
	for _, arguments := range [][]string{{"--dev"}, {"--dev", "--sandbox"}} {
		code, report := checkConfig(t, nil, arguments...)
		made, other := "checkout-secrets", "checkout-sandbox-secrets"
		if len(arguments) == 2 {
			made, other = other, made
		}
		_, madeFrom := report.setting(t, made)
		if value, from := report.setting(t, "coinbase-url"); value != "http://127.0.0.1:8090" || !strings.Contains(from, "by --dev") {
			t.Errorf("with %q Coinbase is asked at %s from %s", arguments, value, from)
		}
		if _, from := report.setting(t, other); code != 0 || !strings.Contains(madeFrom, "by --dev") || from != "default" {
			t.Errorf("with %q: %d, %s from %s, %s from %s", arguments, code, made, madeFrom, other, from)
		}
	}
	_, report = checkConfig(t, []string{"DAYBOOK_COINBASE_KEY_NAME=" + apiKeyName, "DAYBOOK_COINBASE_KEY=" + newPEM(t, elliptic.P256())}, "--dev")
	if value, _ := report.setting(t, "coinbase-url"); value != "https://business.coinbase.com" {
		t.Errorf("with --dev and a key of one's own Coinbase is asked at %s", value)
	}
}
