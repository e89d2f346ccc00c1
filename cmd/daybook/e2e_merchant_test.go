package main_test

import (
	"crypto/elliptic"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
