package main_test

import (
	"crypto/elliptic"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

// exampleCheckout is the id on the merchants' page.
const exampleCheckout = "68f7a946db0529ea9b6d3a12"

// merchant types what the merchants' page says, in one shell after the other with the
// same environment.
type merchant struct {
	t           *testing.T
	lines       []string // that are left
	environment []string
	directory   string
	replacer    *strings.Replacer
}

// merchantsPage returns docs/merchants.md.
func merchantsPage(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/merchants.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// newMerchant returns a merchant in a directory, who has the files that the page names.
func newMerchant(t *testing.T, environment ...string) *merchant {
	t.Helper()
	m := &merchant{t: t, directory: t.TempDir(), environment: append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environment...)}
	for _, match := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(merchantsPage(t), -1) {
		m.lines = append(m.lines, strings.Split(strings.TrimSpace(match[1]), "\n")...)
	}
	m.replace()
	return m
}

// replace sets what stands on the page for something else here.
func (m *merchant) replace(pairs ...string) {
	m.replacer = strings.NewReplacer(append(pairs, "./bin/daybook", daybook(m.t), "/etc/daybook", m.directory)...)
}

// next returns the next line of the page, which begins with a text.
func (m *merchant) next(begins string) string {
	m.t.Helper()
	if len(m.lines) == 0 || !strings.HasPrefix(m.lines[0], begins) {
		m.t.Fatalf("the next line is not %s: %q", begins, m.lines)
	}
	line := m.replacer.Replace(m.lines[0])
	m.lines = m.lines[1:]
	return line
}

// types types the next line, which must print something.
func (m *merchant) types(begins, want string) string {
	m.t.Helper()
	line := m.next(begins)
	command := exec.Command("sh", "-c", line)
	command.Dir, command.Env = m.directory, m.environment
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		m.t.Fatalf("%s\n%v, prints\n%s\nwithout %s", line, err, out, want)
	}
	return string(out)
}

// exports types the next lines as long as they set variables.
func (m *merchant) exports() {
	m.t.Helper()
	for strings.HasPrefix(m.lines[0], "export ") {
		m.lines[0] += "; env"
		m.environment = strings.Split(strings.TrimSpace(m.types("export ", "")), "\n")
	}
}

// starts types the next line, which starts a server.
func (m *merchant) starts(begins, data string) *server {
	m.t.Helper()
	line := regexp.MustCompile(`127\.0\.0\.1:808\d`).ReplaceAllString(m.next(begins), "127.0.0.1:0")
	p := execute(m.t, m.directory, m.environment, "sh", "-c", "exec "+line)
	s := &server{process: p, client: newClient(m.t, p.awaitAddress()), data: filepath.Join(m.directory, data)}
	s.awaitStatus("/readyz/reads", 200)
	return s
}

// checks types the next line, which finds nothing wrong.
func (m *merchant) checks(begins string) {
	m.t.Helper()
	said := m.types(begins, "the server at http")
	for _, line := range checkLines {
		if !regexp.MustCompile(`(?m)^ok +` + line + ` `).MatchString(said) {
			m.t.Errorf("%s is not ok:\n%s", line, said)
		}
	}
}

// write writes a file that the page names.
func (m *merchant) write(name, content string) {
	m.t.Helper()
	write(m.t, filepath.Join(m.directory, name), content)
}

// newMerchantsProvider returns a Coinbase with a key of the name on the page, and that key.
func newMerchantsProvider(t *testing.T, sandbox bool) (p provider, key string) {
	t.Helper()
	name := regexp.MustCompile(`DAYBOOK_COINBASE_KEY_NAME=(\S+)`).FindStringSubmatch(merchantsPage(t))[1]
	key = newPEM(t, elliptic.P256())
	parsed, err := coinbase.ParseKey(name, key)
	if err != nil {
		t.Fatal(err)
	}
	server, err := coinbasetest.New(coinbasetest.Options{KeyName: name, Key: parsed.Public(), Sandbox: sandbox})
	if err != nil {
		t.Fatal(err)
	}
	url := listenOn(t, server)
	return provider{server, t, []string{"DAYBOOK_COINBASE_URL=" + url, "DAYBOOK_CDP_URL=" + url}}, key
}

// subscribe makes the subscription of the page.
func subscribe(t *testing.T, at *coinbasetest.Server, secret string, labels map[string]string) {
	t.Helper()
	var sub coinbasetest.Subscription
	if err := json.Unmarshal([]byte(block(t, merchantsPage(t), "json")), &sub); err != nil {
		t.Fatal(err)
	}
	sub.Metadata.Secret = secret
	if labels != nil {
		sub.Labels = labels
	}
	at.Subscribe(sub)
}

// TestTheMerchantsPageLeadsToABalance types the page from its first line to its last.
func TestTheMerchantsPageLeadsToABalance(t *testing.T) {
	embedded(t)
	inTree(t)
	t.Parallel()
	tool(t, "openssl", "openssl")
	tool(t, "curl", "curl")
	p, key := newMerchantsProvider(t, false)
	m := newMerchant(t, p.settings...)
	m.write("checkout-secrets", checkoutSecret+"\n")
	m.write("coinbase-key.pem", key)
	subscribe(t, p.Server, checkoutSecret, nil)

	m.exports()
	m.types(m.program("check-config"), "********")
	m.types(m.program("callback-url"), "https://your.site/callbacks/coinbase/checkouts")
	s := m.starts(m.program("serve"), "daybook-data")
	m.environment = append(m.environment, "DAYBOOK_SERVER=http://"+s.address)
	m.checks(m.program("check coinbase"))

	paid := p.create(coinbasetest.Checkouts, "12.53", "")
	m.replace("127.0.0.1:8080", s.address, exampleCheckout, paid.ID, "$(pidof daybook)", strconv.Itoa(s.command.Process.Pid))
	m.types("curl -sS -X PUT", `"user":"alice"`)
	m.types("curl -sS -X PUT", `"for":"sale"`)
	s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, paid.ID)))
	sold := p.create(coinbasetest.PaymentLinks, "20.00", "cart-7")
	s.webhook(checkoutSecret, "", webhookOf(t, "payment_link.payment.success", p.pay(coinbasetest.PaymentLinks, sold.ID)))
	s.awaitReplayed("PaymentVerified", 2)
	s.awaitMetric(`daybook_worklist_oldest_age_seconds{list="verification"}`, 0)
	s.awaitMetric(`daybook_projection_lag_events{projection="balances"}`, 0)
	m.types("curl -sS", `"status":"paid"`)
	m.types("curl -sS", `"id":"checkout.`+paid.ID)
	_, balance, _ := strings.Cut(merchantsPage(t), "first verified balance:\n")
	balance, _, _ = strings.Cut(block(t, balance, "json"), `,"position"`)
	m.types("curl -sS", balance)
	m.types(`DAYBOOK_TOKEN="$BOOKS" `+m.program("find"), "12.53 USD was credited")
	m.types(m.program("replay"), `"method":"api"`)
	m.types(m.program("balance"), "12.53")
	m.types(m.program("verify"), "expenses:fees")
	m.waits()
	m.rotates(s)
	m.sandbox()
	if len(m.lines) > 0 {
		t.Errorf("nothing types %q", m.lines)
	}
}

// program begins a line that runs the program.
func (*merchant) program(command string) string { return "./bin/daybook " + command }

// waits types the lines that list what waits, where nothing does.
func (m *merchant) waits() {
	m.t.Helper()
	m.types("curl -sS", `"items":[]`)
	m.types("curl -sS", `"items":[`)
	m.types(`DAYBOOK_TOKEN="$BOOKS" `+m.program("review"), "nothing is open")
	m.types(`DAYBOOK_TOKEN="$BOOKS" `+m.program("quarantine"), "nothing is open")
}

// rotates types the lines that add a secret, and tries both.
func (m *merchant) rotates(s *server) {
	m.t.Helper()
	m.types("echo", "")
	m.types("kill -HUP", "")
	s.stderr.awaitCount(m.t, "SIGHUP: ", 1)
	for _, secret := range []string{checkoutSecret, "the-new-secret"} {
		if a := s.webhook(secret, "", checkout("ROTATED", "expired", "EXPIRED")); a.status != 200 {
			m.t.Errorf("%s is answered %d %s", secret, a.status, a.body)
		}
	}
	m.checks(m.program("check coinbase"))
}

// sandbox types the lines of the sandbox.
func (m *merchant) sandbox() {
	m.t.Helper()
	p, key := newMerchantsProvider(m.t, true)
	m.environment = append(m.environment, p.settings...)
	m.write("coinbase-key.pem", key)
	m.write("sandbox-secrets", "secret-of-the-sandbox")
	subscribe(m.t, p.Server, "secret-of-the-sandbox", map[string]string{"sandbox": "true"})
	s := m.starts("env -u DAYBOOK_CHECKOUT_SECRETS_FILE", "daybook-sandbox")
	m.replace("127.0.0.1:8081", s.address)
	m.checks("DAYBOOK_CHECKOUT_SANDBOX_SECRETS_FILE=")
}

// awaitReplayed waits until the log has a number of events of a type.
func (s *server) awaitReplayed(eventType string, want int) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); len(count(replay(s.t, s.data), eventType)) != want; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("there are not %d %s", want, eventType)
		}
	}
}

// TestTheMerchantsPageHasEveryReason holds its table against the reasons of the domain.
func TestTheMerchantsPageHasEveryReason(t *testing.T) {
	inTree(t)
	t.Parallel()
	page := merchantsPage(t)
	source, err := os.ReadFile("../../domain/payment/payment.go")
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`Reason = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(reasons) < 20 {
		t.Fatalf("%d reasons are found", len(reasons))
	}
	for _, match := range append(reasons, []string{"", "mispayment"}) {
		if !strings.Contains(page, "`"+match[1]+"`") {
			t.Errorf("the page does not say what to do about %s", match[1])
		}
	}
}

// TestTheMerchantsPageSaysFirstThatUSDCIsNotUSD does what its first paragraph says.
func TestTheMerchantsPageSaysFirstThatUSDCIsNotUSD(t *testing.T) {
	inTree(t)
	t.Parallel()
	_, text, _ := strings.Cut(merchantsPage(t), "\n")
	if !strings.HasPrefix(strings.TrimSpace(text), "**USDC is not USD.**") {
		t.Errorf("it begins with %.80s", text)
	}
	p := newProvider(t)
	s := start(t, options{settings: p.settings})
	for user, c := range map[string]struct{ currency, want, review string }{
		"ann": {"USD", "", "mispayment"},
		"bob": {"USDC", "USDC 5.000000 pending 0.000000", "mispayment"},
	} {
		made, err := p.Create(coinbasetest.Checkouts, coinbasetest.Resource{Amount: "5.00"})
		if err != nil {
			t.Fatal(err)
		}
		a := s.request("PUT", "/orders/checkout."+made.ID, websiteSecret, `{"user":"`+user+`","amount":"5.00","currency":"`+c.currency+`"}`)
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, made.ID)))
		if c.want != "" {
			s.awaitAvailable(user, c.want)
			continue
		}
		s.awaitText("the order", "true", func() string {
			body := s.request("GET", "/orders/checkout."+made.ID, websiteSecret, "").body
			return strconv.FormatBool(strings.Contains(body, `"other-currency"`))
		})
		s.awaitText("the review", c.review, func() string { return s.waiting("review") })
		if got := s.available(user); strings.Contains(got, "5.00") {
			t.Errorf("%s has %s", user, got)
		}
	}
}
