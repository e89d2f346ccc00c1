package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeRefusesSettingsThatMakeNoSense starts servers with secrets, tokens
// and flags that are missing or malformed.
func TestServeRefusesSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	empty := secretFile(t, "\n")
	const hidden = "must-not-be-repeated"
	for _, c := range []struct {
		name      string
		settings  []string
		arguments []string
		code      int
		parts     []string
	}{
		{"no callback secret", []string{tokensSetting}, nil, 1, []string{"no callback secret", `export DAYBOOK_CALLBACK_SECRETS="`, `export DAYBOOK_CHECKOUT_SECRETS="`}},
		{"no secret of a sandbox log", []string{tokensSetting}, []string{"--sandbox"}, 1, []string{"no callback secret", `export DAYBOOK_CHECKOUT_SANDBOX_SECRETS="`}},
		{"an empty one among checkout secrets", []string{"DAYBOOK_CHECKOUT_SECRETS=" + hidden + ",,b", tokensSetting}, nil, 1, []string{"is empty", "DAYBOOK_CHECKOUT_SECRETS"}},
		{"an empty file of checkout secrets", []string{secretsSetting, "DAYBOOK_CHECKOUT_SECRETS_FILE=" + empty, tokensSetting}, nil, 1, []string{"DAYBOOK_CHECKOUT_SECRETS_FILE: " + empty + " is empty"}},
		{"a secret of the sandbox and of real payments", []string{"DAYBOOK_CHECKOUT_SECRETS=a," + hidden, "DAYBOOK_CHECKOUT_SANDBOX_SECRETS=b," + hidden, tokensSetting}, nil, 1,
			[]string{"secret 2 of DAYBOOK_CHECKOUT_SANDBOX_SECRETS", "take it out of one"}},
		{"secrets of the sandbox alone", []string{"DAYBOOK_CHECKOUT_SANDBOX_SECRETS=" + hidden, tokensSetting}, nil, 1, []string{"DAYBOOK_CHECKOUT_SANDBOX_SECRETS", "start with --sandbox"}},
		{"real payments in a sandbox log", []string{"DAYBOOK_CHECKOUT_SECRETS=" + hidden, tokensSetting}, []string{"--sandbox"}, 1, []string{"DAYBOOK_CHECKOUT_SECRETS", "--sandbox", "unset it"}},
		{"real payments in a sandbox log, beside others", []string{secretsSetting, "DAYBOOK_CHECKOUT_SECRETS=" + hidden, "DAYBOOK_CHECKOUT_SANDBOX_SECRETS=b", "DAYBOOK_SANDBOX=true", tokensSetting}, nil, 1, []string{"unset it"}},
		{"a name for an address of webhooks", nil, []string{"--checkout-from", "coinbase.com"}, 1, []string{"--checkout-from", "coinbase.com"}},
		{"a checkout secret in a flag", nil, []string{"--checkout-secrets", hidden}, 2, []string{"--checkout-secrets"}},
		{"an empty callback secret", []string{"DAYBOOK_CALLBACK_SECRETS=", tokensSetting}, nil, 1, []string{`export DAYBOOK_CALLBACK_SECRETS="`}},
		{"a blank callback secret", []string{"DAYBOOK_CALLBACK_SECRETS= ", tokensSetting}, nil, 1, []string{`export DAYBOOK_CALLBACK_SECRETS="`}},
		{"an empty one among callback secrets", []string{"DAYBOOK_CALLBACK_SECRETS=" + hidden + ",,b", tokensSetting}, nil, 1, []string{"is empty", "DAYBOOK_CALLBACK_SECRETS"}},
		{"an empty file of callback secrets", []string{"DAYBOOK_CALLBACK_SECRETS_FILE=" + empty, tokensSetting}, nil, 1, []string{"DAYBOOK_CALLBACK_SECRETS_FILE: " + empty + " is empty"}},
		{"a missing file of callback secrets", []string{"DAYBOOK_CALLBACK_SECRETS_FILE=/nowhere/secrets", tokensSetting}, nil, 1, []string{"DAYBOOK_CALLBACK_SECRETS_FILE", "/nowhere/secrets", "no such file"}},
		{"callback secrets twice", []string{secretsSetting, "DAYBOOK_CALLBACK_SECRETS_FILE=" + secretFile(t, hidden), tokensSetting}, nil, 1, []string{"DAYBOOK_CALLBACK_SECRETS and DAYBOOK_CALLBACK_SECRETS_FILE", "unset one"}},
		{"no token", []string{secretsSetting}, nil, 1, []string{"no token", `export DAYBOOK_TOKENS="website:`}},
		{"a token without a secret", []string{secretsSetting, "DAYBOOK_TOKENS=website:" + hidden}, nil, 1, []string{"token 1", "role:name:secret"}},
		{"a token with an empty secret", []string{secretsSetting, "DAYBOOK_TOKENS=website:shop:a,auditor:books:"}, nil, 1, []string{"token 2"}},
		{"a token of an unknown role", []string{secretsSetting, "DAYBOOK_TOKENS=king:shop:" + hidden}, nil, 1, []string{"token 1", "website, auditor or operator"}},
		{"a token's secret twice", []string{secretsSetting, "DAYBOOK_TOKENS=website:shop:" + hidden + ",auditor:books:" + hidden}, nil, 1, []string{"token 2", "same secret"}},
		{"tokens twice", []string{secretsSetting, tokensSetting, "DAYBOOK_TOKENS_FILE=" + secretFile(t, hidden)}, nil, 1, []string{"unset one"}},
		{"a name for an address", nil, []string{"--callback-from", "coinbase.com"}, 1, []string{"--callback-from", "coinbase.com"}},
		{"a prefix that is none", nil, []string{"--callback-from", "10.0.0.0/33"}, 1, []string{"--callback-from", "10.0.0.0/33"}},
		{"a proxy that is none", nil, []string{"--trusted-proxy", "proxy"}, 1, []string{"--trusted-proxy"}},
		{"a port that is none", nil, []string{"--listen", "127.0.0.1:99999"}, 1, []string{"--listen"}},
		{"an unknown flag", nil, []string{"--no-such-flag"}, 2, []string{"--no-such-flag", "daybook --help"}},
		{"an unknown policy", nil, []string{"--unregistered", "guess"}, 2, []string{"--unregistered", "daybook --help"}},
		{"an unknown level", nil, []string{"--log-level", "loud"}, 2, []string{"--log-level", "daybook --help"}},
		{"an argument too many", nil, []string{"everything"}, 2, []string{"daybook --help"}},
		{"a secret in a flag", nil, []string{"--callback-secrets", hidden}, 2, []string{"--callback-secrets"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: c.settings, arguments: c.arguments})
			p.checkRefused(c.code, c.parts...)
			if strings.Contains(p.stderr.String(), hidden) {
				t.Errorf("the message repeats a secret:\n%s", p.stderr)
			}
		})
	}
}

func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWrongUseOfCommandsPointsToHelp runs commands that do not exist or lack
// something.
func TestWrongUseOfCommandsPointsToHelp(t *testing.T) {
	t.Parallel()
	for _, line := range [][]string{
		{}, {"no-such-command"}, {"balance"}, {"balance", "ann", "--as-of", "yesterday"}, {"balance", "ann", "--as-of-position", "-1"},
		{"balance", "ann", "--as-of", "2026-01-01T00:00:00Z", "--as-of-position", "3"},
		{"replay", "--format", "xml"}, {"replay", "a-b", "c-d"},
	} {
		_, p := run(t, nil, line...)
		p.checkRefused(2, "daybook --help")
	}
	for _, line := range [][]string{{"--help"}, {"serve", "--help"}, {"balance", "--help"}, {"--version"}} {
		if succeed(t, line...) == "" {
			t.Errorf("daybook %s prints nothing", line)
		}
	}
}

// TestEnvironmentMeansTheSameAsFlags gives everything by variables and files.
func TestEnvironmentMeansTheSameAsFlags(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	settings := []string{
		"DAYBOOK_LISTEN=127.0.0.1:0", "DAYBOOK_DATA=" + data, "DAYBOOK_CALLBACK_FROM=10.0.0.1,127.0.0.0/8", "DAYBOOK_UNREGISTERED=hold",
		"DAYBOOK_CALLBACK_SECRETS_FILE=" + secretFile(t, "an-older-secret-of-callbacks\n"+callbackSecret+"\n"),
		"DAYBOOK_TOKENS_FILE=" + secretFile(t, "website:shop:"+websiteSecret+"\nauditor:books:"+auditorSecret+"\n"),
	}
	p := execute(t, "", settings, daybook(t), "serve")
	s := &server{process: p, client: newClient(t, p.awaitAddress()), data: data}
	s.awaitStatus("/readyz/reads", 200)
	if o := s.record(completedOrder("HOLD", "ann", 100)); o.Outcome != "held" {
		t.Errorf("with --unregistered hold, a callback is %s", o.Outcome)
	}
	if a := s.request("POST", "/callbacks/coinbase?secret=an-older-secret-of-callbacks", "", completedOrder("HOLD", "ann", 100)); a.status != 200 {
		t.Errorf("with the older of two secrets, a callback is answered %d", a.status)
	}
	if o := s.order("HOLD", 2); o.Status != "held" || len(o.Holds) != 1 || o.Holds[0].Reason != "unregistered" {
		t.Errorf("the order is %+v", o)
	}
	if got := s.balances("ann", 2); len(got) != 0 {
		t.Errorf("of what is held, ann has %v", got)
	}
	if code, replayed := run(t, settings[:2], "replay", "order-coinbase.HOLD"); code != 0 || !strings.Contains(replayed.stdout.String(), "PaymentHeld") {
		t.Errorf("with DAYBOOK_DATA, replay ends with %d:\n%s%s", code, replayed.stdout, replayed.stderr)
	}
	flagged := start(t, options{arguments: []string{"--unregistered", "hold"}})
	if o := flagged.record(completedOrder("HOLD", "ann", 100)); o.Outcome != "held" {
		t.Errorf("with the flag, a callback is %s", o.Outcome)
	}
}

// TestTakenAddressIsNamed starts a server where another one listens.
func TestTakenAddressIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	launch(t, options{data: t.TempDir(), arguments: []string{"--listen", s.address}}).checkRefused(1, s.address, "--listen")
}

// TestCallbacksComeFromAllowedAddressesAlone posts from this machine, as
// itself and as a proxy.
func TestCallbacksComeFromAllowedAddressesAlone(t *testing.T) {
	anyLog(t)
	t.Parallel()
	strict := start(t, options{from: "54.243.226.26"})
	proxied := start(t, options{from: "54.243.226.26", arguments: []string{"--trusted-proxy", "127.0.0.1"}})
	for _, c := range []struct {
		name      string
		s         *server
		forwarded string
		status    int
	}{
		{"another address", strict, "", 403},
		{"another address that names an allowed one", strict, "54.243.226.26", 403},
		{"the proxy for an allowed address", proxied, "54.243.226.26", 200},
		{"the proxy for another address", proxied, "203.0.113.9", 403},
		{"the proxy for another address that names an allowed one", proxied, "54.243.226.26, 203.0.113.9", 403},
		{"the proxy for an allowed address that names another one", proxied, "203.0.113.9, 54.243.226.26", 200},
	} {
		request, err := http.NewRequest("POST", "http://"+c.s.address+callbackPath, strings.NewReader(completedOrder("FROM", "ann", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if c.forwarded != "" {
			request.Header.Set("X-Forwarded-For", c.forwarded)
		}
		response, err := c.s.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("%s is answered %d, not %d", c.name, response.StatusCode, c.status)
		}
	}
	if n := len(count(replay(t, strict.data), "PaymentVerified")); n != 0 {
		t.Errorf("from refused addresses %d orders are verified", n)
	}
}

// TestSecretsAndPersonalDataAreInNoOutput sends secrets, right and wrong, and
// personal data everywhere that a client can, to a server that logs all it can.
func TestSecretsAndPersonalDataAreInNoOutput(t *testing.T) {
	t.Parallel()
	s := start(t, options{settings: []string{secretsSetting, checkoutSetting, tokensSetting}, arguments: []string{"--log-level", "debug"}})
	const private = "private"
	person, address := private+"@example.com", bitcoinAddress(private)
	requests := []struct{ method, path, token, body string }{
		{"POST", callbackPath, "", completedOrder("LOG", person, 100)},
		{"POST", callbackPath, "", completedOrder("LOG", private+"-other", 200)},
		{"POST", callbackPath, "", `{"order":{"custom":"` + person},
		{"POST", callbackPath, "", `{"order":{"id":{},"custom":"` + person + `"}}`},
		{"POST", callbackPath, "", `{"customer":{"email":"` + person + `"}}`},
		{"POST", callbackPath, "", deposit(address, "hash", "0.5")},
		{"POST", callbackPath, "", deposit("1"+private, "hash", "0.5")},
		{"POST", callbackPath, "", `"` + strings.Repeat(private, 50_000) + `"`},
		{"POST", "/callbacks/coinbase?secret=wrong-" + private, "", "{}"},
		{"POST", callbackPath + "&secret=wrong-" + private, "", "{}"},
		{"POST", "/callbacks/coinbase/" + callbackSecret, "", "{}"},
		{"POST", "/callbacks/coinbase?secret=%zz" + private, "", "{}"},
		{"GET", callbackPath, "", ""},
		{"GET", "/balances/" + person, websiteSecret, ""},
		{"GET", "/balances/" + person + "?min_position=" + private, websiteSecret, ""},
		{"GET", "/balances/" + person + "/entries?cursor=" + private, websiteSecret, ""},
		{"GET", "/balances/" + person, "wrong-" + private, ""},
		{"GET", "/balances/%00" + private, websiteSecret, ""},
		{"GET", "/orders/coinbase." + private, websiteSecret, ""},
		{"GET", "/streams/" + private, auditorSecret, ""},
		{"GET", "/streams/order-coinbase.LOG", websiteSecret, ""},
		{"PUT", "/addresses/1" + private, websiteSecret, `{"user":"` + person + `"}`},
		{"PUT", "/addresses/" + address, websiteSecret, `{"user":"` + person + `"}`},
		{"PUT", "/addresses/" + address, websiteSecret, `{"user":"` + person + `-2"}`},
		{"PUT", "/addresses/1" + private, websiteSecret, `{"` + private + `":1}`},
		{"GET", "/" + private + "?token=" + operatorSecret, operatorSecret, ""},
		{private, "/healthz", "", ""},
	}
	for _, r := range requests {
		s.request(r.method, r.path, r.token, r.body)
	}
	for _, secret := range []string{checkoutSecret, private} {
		s.webhook(secret, private, checkout("LOG", "success", "COMPLETED"))
		s.webhook(secret, "", `{"eventType":"checkout.`+private+`","id":"`+private+`","status":"`+private+`","metadata":{"email":"`+person+`"}}`)
		s.webhook(secret, "", `{"eventType":"checkout.payment.success","id":{},"description":"`+private)
	}
	metrics := s.request("GET", "/metrics", "", "").body
	if code := s.terminate(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	for name, text := range map[string]string{"metrics": metrics, "standard error": s.stderr.String(), "standard output": s.stdout.String()} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, private) || strings.Contains(line, address) || strings.Contains(line, callbackSecret) || strings.Contains(line, operatorSecret) {
				t.Errorf("%s has %s", name, line)
			}
		}
	}
	// The command line is everybody's to read.
	for _, argument := range s.command.Args {
		if strings.Contains(argument, "secret-of") {
			t.Errorf("a secret is in the command line: %s", argument)
		}
	}
	logged := 0
	for line := range strings.Lines(s.stderr.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not a line of JSON: %s", line)
		}
		logged++
	}
	if logged < len(requests) {
		t.Errorf("at the level debug %d lines are logged for %d requests", logged, len(requests))
	}
}

// TestDevSecretsAreKeptAndPrintedOnceOnly checks that --dev makes secrets that
// the owner alone can read, and prints them on standard output alone.
func TestDevSecretsAreKeptAndPrintedOnceOnly(t *testing.T) {
	anyLog(t)
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	o := options{data: data, arguments: []string{"--dev", "--log-level", "debug"}, settings: []string{}}
	s := start(t, o)
	lines := printedLines(t, s)
	path := filepath.Join(data, "dev-secrets.json")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%s: %v %v", path, info.Mode(), err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var secrets struct {
		CallbackSecrets []string `json:"callback_secrets"`
		Tokens          []string `json:"tokens"`
	}
	if err := json.Unmarshal(content, &secrets); err != nil || len(secrets.CallbackSecrets) != 1 || len(secrets.Tokens) != 3 {
		t.Fatalf("%s has %s: %v", path, content, err)
	}
	s.request("POST", "/callbacks/coinbase?secret="+secrets.CallbackSecrets[0], "", completedOrder("DEV", "ann", 1))
	s.terminate()
	for _, token := range append(secrets.Tokens, secrets.CallbackSecrets...) {
		secret := token[strings.LastIndex(token, ":")+1:]
		if strings.Contains(s.stderr.String(), secret) {
			t.Errorf("a secret of --dev is on standard error")
		}
	}
	again := start(t, o)
	if repeated := printedLines(t, again); fmt.Sprint(repeated[2:4]) != fmt.Sprint(lines[2:4]) || devToken(t, repeated[1]) != devToken(t, lines[1]) {
		t.Errorf("the second time, --dev prints %q", repeated)
	}
}
