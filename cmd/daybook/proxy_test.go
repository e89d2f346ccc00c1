package main_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"daybook/http/callback/hook0"
)

// The samples of reverse proxies are tried with the real ones, before a server
// that takes callbacks from one address alone.

// coinbaseAddress stands for Coinbase, and stranger for everybody else.
const (
	coinbaseAddress = "127.0.0.2"
	stranger        = "127.0.0.1"
)

// fronted is a server behind a proxy.
type fronted struct {
	t         *testing.T
	server    *server
	proxy     *process
	address   string // of the proxy
	directory string // with all logs of the proxy
	roots     *x509.CertPool
}

// sample returns a sample of docs/deploy with parts replaced, each of which must
// be there.
func sample(t *testing.T, name string, replace ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../docs/deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("%s has no %q", name, replace[i])
		}
		text = strings.ReplaceAll(text, replace[i], replace[i+1])
	}
	return text
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// front starts a server, and a proxy before it with what configure makes of the
// sample.
func front(t *testing.T, configure func(f *fronted, cert, key string) (line []string)) *fronted {
	t.Helper()
	s := start(t, options{from: coinbaseAddress, settings: []string{secretsSetting, checkoutSetting, tokensSetting}, arguments: []string{"--trusted-proxy", "127.0.0.1"}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	cert, key := certificate(t)
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	f := &fronted{t: t, server: s, address: listener.Addr().String(), directory: t.TempDir(), roots: x509.NewCertPool()}
	f.roots.AppendCertsFromPEM(pem)
	line := configure(f, cert, key)
	f.proxy = execute(t, f.directory, []string{"HOME=" + f.directory}, line...)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", f.address)
		if err == nil {
			conn.Close()
			return f
		}
		if time.Now().After(deadline) {
			t.Fatalf("the proxy does not listen:\n%s%s", f.proxy.stdout, f.proxy.stderr)
		}
	}
}

// ask makes a request from an address, and returns the status.
func (f *fronted) ask(from, method, path, body string, header ...string) int {
	f.t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: f.roots, ServerName: "127.0.0.1"}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(f.t.Context(), method, "https://"+f.address+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	request.Host = "pay.example"
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0 // cut off, as with a body that is too large
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// check asks for all that strangers and Coinbase may ask for.
func (f *fronted) check() {
	f.t.Helper()
	if got := f.ask(coinbaseAddress, "POST", callbackPath, completedOrder("PROXIED", "ann", 100)); got != 200 {
		f.t.Errorf("a callback is answered %d:\n%s%s", got, f.proxy.stdout, f.proxy.stderr)
	}
	if got := f.ask(stranger, "POST", callbackPath, completedOrder("FORGED", "ann", 100), "X-Forwarded-For", coinbaseAddress); got != 403 {
		f.t.Errorf("a stranger who says that he is Coinbase is answered %d", got)
	}
	body := checkout("PROXIED", "expired", "EXPIRED")
	covered := http.Header{"X-Event-Id": {"event-1"}, "Content-Type": {"application/json"}}
	signature, err := hook0.Sign(checkoutSecret, time.Now(), covered, []byte(body), "content-type", "x-event-id")
	if err != nil {
		f.t.Fatal(err)
	}
	if got := f.ask(stranger, "POST", checkoutsPath, body, "X-Event-Id", "event-1", "Content-Type", "application/json", hook0.Header, signature); got != 200 {
		f.t.Errorf("a webhook is answered %d:\n%s%s", got, f.proxy.stdout, f.proxy.stderr)
	}
	if got := f.ask(stranger, "POST", checkoutsPath, body); got != 401 {
		f.t.Errorf("a webhook without a signature is answered %d", got)
	}
	if got := f.ask(coinbaseAddress, "POST", "/callbacks/coinbase?secret=wrong", "{}"); got != 401 {
		f.t.Errorf("a wrong secret is answered %d", got)
	}
	if got := f.ask(coinbaseAddress, "POST", callbackPath, strings.Repeat(" ", 300<<10)); got != 413 {
		f.t.Errorf("a large body is answered %d", got)
	}
	if got := f.ask(coinbaseAddress, "POST", callbackPath, strings.Repeat(" ", 3<<20)); got == 200 {
		f.t.Error("a huge body is taken")
	}
	before := f.requests()
	for _, path := range []string{
		"/", "/metrics", "/healthz", "/readyz", "/balances/ann", "/openapi.yaml", "/streams/daybook-log", "/callbacks", "/callbacks/",
		"/callbacks/coinbase/", "/callbacks/coinbase/x", "/callbacks/coinbase/checkouts/", "/callbacks/coinbase/checkouts/x", "/CALLBACKS/COINBASE", "/callbacks/coinbasev2", "//metrics", "/callbacks/coinbase/../../metrics",
	} {
		for _, method := range []string{"GET", "POST"} {
			if got := f.ask(coinbaseAddress, method, path+"?secret="+callbackSecret, ""); got < 400 || got > 405 {
				f.t.Errorf("%s %s is answered %d", method, path, got)
			}
		}
	}
	if got := f.ask(coinbaseAddress, "GET", callbackPath, ""); got < 400 {
		f.t.Errorf("GET of the callback's URL is answered %d", got)
	}
	if got := f.ask(coinbaseAddress, "GET", checkoutsPath, ""); got < 400 {
		f.t.Errorf("GET of the webhooks' URL is answered %d", got)
	}
	if after := f.requests(); after != before {
		f.t.Errorf("requests came through that are no callbacks: of %v there are now %v", before, after)
	}
	f.server.kill()
	if got := f.ask(coinbaseAddress, "POST", callbackPath, completedOrder("LOST", "ann", 100)); got < 500 {
		f.t.Errorf("without a server a callback is answered %d", got)
	}
	f.checkLogs()
}

// requests returns the lines that count the server's requests, but for those of
// the metrics themselves and of bodies that are too large, whose sender has his
// answer before they are counted.
func (f *fronted) requests() (lines string) {
	f.t.Helper()
	for line := range strings.Lines(f.server.request("GET", "/metrics", "", "").body) {
		if strings.HasPrefix(line, "daybook_http_requests_total{") && !strings.Contains(line, `route="/metrics"`) && !strings.Contains(line, `status="413"`) {
			lines += line
		}
	}
	return lines
}

// checkLogs fails if anything that the proxy has written has the secret in it.
func (f *fronted) checkLogs() {
	f.t.Helper()
	f.proxy.terminate()
	written := f.proxy.stdout.String() + f.proxy.stderr.String()
	err := filepath.WalkDir(f.directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		written += string(content)
		return err
	})
	if err != nil {
		f.t.Error(err)
	}
	if strings.Contains(written, callbackSecret) || strings.Contains(written, "secret=") {
		f.t.Errorf("the secret is in its logs:\n%s", written)
	}
	for _, part := range []string{"/callbacks/coinbase", "200", "403", "50"} {
		if !strings.Contains(written, part) {
			f.t.Errorf("%q is not in its logs, which are of use to nobody:\n%s", part, written)
		}
	}
}

// proxyProgram leaves a test out where the proxy is not installed, which `make
// test` does where it may.
func proxyProgram(t *testing.T, name string) string {
	t.Helper()
	inTree(t)
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on this machine", name)
	}
	return path
}

func TestTheSampleForNginxPassesOnCallbacksAndLogsNoSecret(t *testing.T) {
	anyLog(t)
	t.Parallel()
	program := proxyProgram(t, "nginx")
	f := front(t, func(f *fronted, cert, key string) []string {
		site := sample(t, "nginx.conf", "listen 443 ssl", "listen "+f.address+" ssl", "127.0.0.1:8080", f.server.address,
			"/etc/ssl/certs/pay.example.pem", cert, "/etc/ssl/private/pay.example.key", key, "/var/log/nginx", f.directory)
		temporary := ""
		for _, name := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			temporary += fmt.Sprintf("%s_temp_path %s/%s;\n", name, f.directory, name)
		}
		path := filepath.Join(f.directory, "nginx.conf")
		write(t, path, fmt.Sprintf("daemon off; master_process off; pid %s/pid; error_log %s/error.log info;\nevents {}\nhttp {\naccess_log %s/main.log;\n%s%s}\n",
			f.directory, f.directory, f.directory, temporary, site))
		return []string{program, "-c", path, "-e", filepath.Join(f.directory, "early.log")}
	})
	f.check()
}

func TestTheSampleForCaddyPassesOnCallbacksAndLogsNoSecret(t *testing.T) {
	anyLog(t)
	t.Parallel()
	program := proxyProgram(t, "caddy")
	f := front(t, func(f *fronted, cert, key string) []string {
		site := sample(t, "Caddyfile", "pay.example {", fmt.Sprintf("https://pay.example:%s {\n\tbind 127.0.0.1\n\ttls %s %s", f.address[len("127.0.0.1:"):], cert, key),
			"127.0.0.1:8080", f.server.address, "/var/log/caddy", f.directory)
		// One that tests start has no address to be administrated at, and a
		// certificate for an address.
		site = regexp.MustCompile(`(?m)^{$`).ReplaceAllString(site, "{\n\tadmin off\n\tauto_https off\n\tdefault_sni pay.example")
		path := filepath.Join(f.directory, "Caddyfile")
		write(t, path, site)
		return []string{program, "run", "--config", path, "--adapter", "caddyfile"}
	})
	f.check()
}
