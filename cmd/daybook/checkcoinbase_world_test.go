package main_test

import (
	"crypto/elliptic"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

const (
	webhookSecret = "the-secret-of-a-subscription"
	otherSecret   = "the-secret-of-another-one"
	webhookURL    = "https://your.site/callbacks/coinbase/checkouts"
)

// checkLines are the lines of a check that finds nothing wrong.
var checkLines = []string{"key", "scope", "list", "subscription", "deliveries", "signature", "clock"}

var checkoutEvents = []string{"checkout.payment.success", "checkout.payment.failed", "checkout.payment.expired", "checkout.refund.success", "checkout.refund.failed"}

// coinbaseWorld is a Coinbase, a server that takes webhooks, and the settings that fit
// both.
type coinbaseWorld struct {
	*coinbasetest.Server
	key      string
	settings []string
}

func newCoinbase(t *testing.T, takes *server, key string, o coinbasetest.Options) *coinbaseWorld {
	t.Helper()
	parsed, err := coinbase.ParseKey(apiKeyName, key)
	if err != nil {
		t.Fatal(err)
	}
	o.KeyName, o.Key = apiKeyName, parsed.Public()
	server, err := coinbasetest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	secrets := "DAYBOOK_CHECKOUT_SECRETS="
	if o.Sandbox {
		secrets = "DAYBOOK_CHECKOUT_SANDBOX_SECRETS="
	}
	url := listenOn(t, server)
	return &coinbaseWorld{server, key, []string{
		"DAYBOOK_COINBASE_KEY_NAME=" + apiKeyName, "DAYBOOK_COINBASE_KEY=" + key, "DAYBOOK_COINBASE_URL=" + url, "DAYBOOK_CDP_URL=" + url,
		secrets + webhookSecret, "DAYBOOK_SERVER=http://" + takes.address,
	}}
}

func listenOn(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// takesWebhooks starts a server that knows two webhook secrets. At the end of the test
// its log has nothing of a check.
func takesWebhooks(t *testing.T, sandbox bool) *server {
	t.Helper()
	o := options{settings: []string{tokensSetting, secretsSetting, "DAYBOOK_CHECKOUT_SECRETS=" + webhookSecret + "," + otherSecret}}
	if sandbox {
		o = options{settings: []string{tokensSetting, "DAYBOOK_CHECKOUT_SANDBOX_SECRETS=" + webhookSecret}, arguments: []string{"--sandbox"}}
	}
	s := start(t, o)
	t.Cleanup(func() {
		if log := succeed(t, "replay", "--data", s.data); strings.Contains(log, "check") {
			t.Errorf("the log has what a check has sent:\n%s", log)
		}
	})
	return s
}

// subscribe adds a subscription that has nothing wrong, but for a change.
func (w *coinbaseWorld) subscribe(change func(*coinbasetest.Subscription)) coinbasetest.Subscription {
	sub := coinbasetest.Subscription{
		EventTypes: slices.Clone(checkoutEvents), Enabled: true, Target: coinbasetest.Target{URL: webhookURL},
		Metadata: coinbasetest.Secret{Secret: webhookSecret},
	}
	if change != nil {
		change(&sub)
	}
	return w.Subscribe(sub)
}

// check runs the command and returns the word of each line and its text.
func (w *coinbaseWorld) check(t *testing.T, settings []string, arguments ...string) (int, map[string][2]string) {
	t.Helper()
	code, p := run(t, append(slices.Clone(w.settings), settings...), append([]string{"check", "coinbase"}, arguments...)...)
	lines := make(map[string][2]string)
	var order []string
	for line := range strings.Lines(p.stdout.String()) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			t.Fatalf("a line is %q", line)
		}
		lines[fields[1]] = [2]string{fields[0], strings.Join(fields[2:], " ")}
		order = append(order, fields[1])
	}
	slices.Sort(order)
	if want := slices.Sorted(slices.Values(checkLines)); !slices.Equal(order, want) {
		t.Errorf("the lines are %q\n%s%s", order, p.stdout, p.stderr)
	}
	said := p.stdout.String() + p.stderr.String()
	for _, hidden := range []string{webhookSecret, otherSecret, "secret-of-the-answer", "eyJ", "Bearer"} {
		if strings.Contains(said, hidden) {
			t.Errorf("the output has %s:\n%s", hidden, said)
		}
	}
	checkNoKey(t, said, w.key)
	return code, lines
}

// expect runs a check in which one line fails and says something, others are skipped,
// and the rest is ok.
func (w *coinbaseWorld) expect(t *testing.T, what string, settings, arguments []string, failed, says string, skipped ...string) {
	t.Helper()
	code, lines := w.check(t, settings, arguments...)
	if wantCode := min(len(failed), 1); code != wantCode {
		t.Errorf("%s: the exit code is %d", what, code)
	}
	for _, name := range checkLines {
		want := "ok"
		if name == failed {
			want = "failed"
		} else if slices.Contains(skipped, name) {
			want = "skipped"
		}
		if lines[name][0] != want || name == failed && !strings.Contains(lines[name][1], says) {
			t.Errorf("%s: %s is %q, not %s and %q", what, name, lines[name], want, says)
		}
	}
}

func newLiveCoinbase(t *testing.T, takes *server) *coinbaseWorld {
	t.Helper()
	return newCoinbase(t, takes, newPEM(t, elliptic.P256()), coinbasetest.Options{})
}
