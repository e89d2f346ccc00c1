package main_test

import (
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// everything is a run with all that happens to callbacks, and more of it than
// there is in practice.
var everything = []string{"--orders", "3000", "--users", "40", "--connections", "32", "--speed", "100000",
	"--duplicates", "0.3", "--reordered", "0.3", "--mispaid", "0.2", "--contradicted", "0.2", "--lost", "0.2"}

// accessSettings let the command in where the suite's servers do.
var accessSettings = []string{secretsSetting, tokensSetting}

// simulate runs the command to its end.
func simulate(t *testing.T, settings []string, arguments ...string) (int, *process) {
	t.Helper()
	p := execute(t, "", settings, append([]string{daybook(t), "simulate"}, arguments...)...)
	return p.exitCodeWhileMoving(), p
}

// exitCodeWhileMoving waits for the end of a simulation for as long as orders are
// finished: how many a second depends on where the log is.
func (p *process) exitCodeWhileMoving() int {
	p.t.Helper()
	if !p.endsWhileMoving(2 * patience) {
		p.t.Fatalf("nothing has moved for %s\n%s%s", 2*patience, p.stdout, p.stderr)
	}
	return p.exitCode(patience)
}

// endsWhileMoving reports false if a simulation finishes no order within a time,
// and does not end.
func (p *process) endsWhileMoving(within time.Duration) bool {
	moved := ""
	stalled := time.NewTimer(within)
	defer stalled.Stop()
	for {
		grown := p.stderr.growth()
		if now := p.orders(); now != moved {
			moved = now
			stalled.Reset(within)
		}
		select {
		case <-p.exited:
			return true
		case <-stalled.C:
			return false
		case <-grown:
		}
	}
}

// orders returns what the last line of progress begins with: 1,234 of 5,000.
func (p *process) orders() (progress string) {
	for line := range strings.Lines(p.stderr.String()) {
		if before, _, ok := strings.Cut(line, " orders,"); ok {
			progress = before
		}
	}
	return progress
}

func TestASimulationMayTakeAsLongAsItMoves(t *testing.T) {
	anyLog(t)
	t.Parallel()
	const stall = 2 * time.Second
	script := func(numbers string) *process {
		return execute(t, "", nil, "sh", "-c", "for i in "+numbers+"; do echo \"$i of 9 orders, $(date +%N)/s\" >&2; sleep 0.5; done")
	}
	if !script("1 2 3 4 5 6 7 8 9").endsWhileMoving(stall) {
		t.Error("one that moves is given up")
	}
	if script("1 2 3 3 3 3 3 3 3 3 3 3 3 3").endsWhileMoving(stall) {
		t.Error("one that does not move is waited for")
	}
}

// line returns the line of a report that begins with a name.
func (p *process) line(name string) string {
	p.t.Helper()
	for line := range strings.Lines(p.stdout.String()) {
		if strings.HasPrefix(line, name+" ") {
			return line
		}
	}
	p.t.Fatalf("the report has no %s:\n%s%s", name, p.stdout, p.stderr)
	return ""
}

func TestSimulateFindsEveryBalanceExact(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	arguments := append([]string{"--server", "http://" + s.address, "--seed", "11", "--run", "one"}, everything...)
	code, p := simulate(t, accessSettings, arguments...)
	if code != 0 || !strings.Contains(p.line("balances"), "exact: each of 40 users") {
		t.Fatalf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	events := replay(t, s.data)
	s.checkBalances(fold(t, events), 0)
	for stream, times := range count(events, "PaymentVerified") {
		if times != 1 {
			t.Errorf("%s is verified %d times", stream, times)
		}
	}
	if len(count(events, "PaymentHeld")) < 300 || len(count(events, "PaymentMispaid")) < 300 {
		t.Error("hardly anything was contradicted or mispaid")
	}

	code, p = simulate(t, accessSettings, arguments...)
	if code != 0 || strings.Contains(p.line("outcomes"), "recorded") {
		t.Errorf("the same run again ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if again := replay(t, s.data); len(again) != len(events) {
		t.Errorf("the same run again leaves %d events, not %d", len(again), len(events))
	}
}

func TestSimulateNeedsNoSettingsBesideADevelopmentServer(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{arguments: []string{"--dev"}, settings: []string{}})
	for range 2 { // runs do not meet each other
		code, p := simulate(t, nil, "--data", s.data, "--server", "http://"+s.address, "--orders", "300")
		if code != 0 || !strings.Contains(p.line("balances"), "exact") || !strings.Contains(p.line("outcomes"), "recorded") {
			t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
		}
	}
}

// behindProxy puts a reverse proxy before the server and returns its address.
// Each callback is shown first, with its number from 1; the proxy may forget
// one, and acknowledge it all the same.
func (s *server) behindProxy(each func(number int64, body string) (forget bool)) string {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.address})
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	var callbacks atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			if each(callbacks.Add(1), string(body)) {
				return
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		proxy.ServeHTTP(w, r)
	}))
	s.t.Cleanup(front.Close)
	return front.URL
}

// TestSimulateRidesOutACrash kills the server while it works.
func TestSimulateRidesOutACrash(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	working := make(chan struct{})
	address := s.behindProxy(func(number int64, _ string) bool {
		if number == 1000 {
			close(working)
		}
		return false
	})
	p := execute(t, "", accessSettings, daybook(t), "simulate", "--server", address,
		"--orders", "5000", "--connections", "8", "--lost", "0.1", "--contradicted", "0.1")
	select {
	case <-working:
	case <-p.exited:
		t.Fatalf("nothing is sent:\n%s%s", p.stdout, p.stderr)
	}
	s.kill()
	start(t, options{data: s.data, arguments: []string{"--listen", s.address}})
	if code := p.exitCodeWhileMoving(); code != 0 || !strings.Contains(p.line("balances"), "exact") {
		t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if strings.Contains(p.line("answers"), "; 0 failed") {
		t.Errorf("no callback met the crash: %s", p.line("answers"))
	}
}

func TestSimulateNamesTheUserWhosePaymentIsLost(t *testing.T) {
	t.Parallel()
	var loser string
	address := start(t, options{}).behindProxy(func(number int64, body string) bool {
		if number != 100 {
			return false
		}
		var said struct{ Order struct{ Custom string } }
		if err := json.Unmarshal([]byte(body), &said); err != nil {
			t.Error(err)
		}
		loser = said.Order.Custom
		return true
	})
	code, p := simulate(t, accessSettings, "--server", address, "--orders", "500", "--users", "20",
		"--duplicates", "0", "--mispaid", "0", "--contradicted", "0", "--lost", "0", "--reordered", "0")
	if code != 1 || loser == "" || !strings.Contains(p.stdout.String(), loser+" has ") {
		t.Errorf("the payment of %q is lost and simulate ends with %d:\n%s%s", loser, code, p.stdout, p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "1 of 20 users do not have what was paid") {
		t.Errorf("simulate says\n%s", p.stderr)
	}
}

func TestSimulateSaysAtOnceWhyItIsRefused(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	var callbacks atomic.Int64
	address := s.behindProxy(func(number int64, _ string) bool {
		callbacks.Store(number)
		return false
	})
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "dev-secrets.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		settings  []string
		arguments []string
		says      string
	}{
		"a wrong secret":             {[]string{"DAYBOOK_CALLBACK_SECRETS=wrong", tokensSetting}, []string{"--server", address}, "401 Unauthorized: the secret is wrong. Set DAYBOOK_CALLBACK_SECRETS"},
		"a wrong token":              {[]string{secretsSetting, "DAYBOOK_TOKENS=website:shop:wrong"}, []string{"--server", address}, "401 Unauthorized: the token is wrong. Set DAYBOOK_TOKEN to"},
		"nobody there":               {accessSettings, []string{"--server", "http://" + nobody.Addr().String()}, "nothing listens at"},
		"another path":               {accessSettings, []string{"--server", address + "/elsewhere"}, "404 Not Found"},
		"no secrets":                 {nil, []string{"--data", t.TempDir()}, "make run"},
		"damaged secrets":            {nil, []string{"--data", damaged}, "is damaged"},
		"a secret on the line":       {accessSettings, []string{"--server", address + "/?secret=x"}, "other users of this machine see it"},
		"a password on the line":     {accessSettings, []string{"--server", "http://a:b@127.0.0.1"}, "other users of this machine see it"},
		"no address":                 {accessSettings, []string{"--server", "127.0.0.1:80"}, "https://your.site"},
		"a share of more than all":   {accessSettings, []string{"--lost", "1.1"}, "a share from 0 to 1"},
		"a source that is not an IP": {accessSettings, []string{"--forwarded-for", "localhost"}, "not an IP address"},
	} {
		code, p := simulate(t, test.settings, test.arguments...)
		if code != 1 || !strings.Contains(p.stderr.String(), test.says) {
			t.Errorf("%s: simulate ends with %d:\n%s%s", name, code, p.stdout, p.stderr)
		}
	}
	if callbacks.Load() > 3 {
		t.Errorf("%d callbacks were sent to find that out", callbacks.Load())
	}
	if events := replay(t, s.data); len(events) > 1 {
		t.Errorf("it left %d events", len(events))
	}
}

// TestSimulateComesFromWhereAProxySays is the set-up of a server that takes
// callbacks from Coinbase's addresses alone, behind a proxy on this machine.
func TestSimulateComesFromWhereAProxySays(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{from: "54.175.255.192/27", arguments: []string{"--trusted-proxy", "127.0.0.1"}})
	base := []string{"--server", "http://" + s.address, "--orders", "50"}
	code, p := simulate(t, accessSettings, append(base, "--forwarded-for", "54.175.255.200")...)
	if code != 0 {
		t.Errorf("from Coinbase's address simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	code, p = simulate(t, accessSettings, base...)
	if code != 1 || !strings.Contains(p.stderr.String(), "--callback-from") || !strings.Contains(p.stderr.String(), "--trusted-proxy") {
		t.Errorf("from this machine's own simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
}

func TestSimulateJudgesWhatWasDoneWhenInterrupted(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	p := execute(t, "", accessSettings, daybook(t), "simulate", "--server", "http://"+s.address, "--orders", "10000000", "--lost", "0.1")
	if _, ok := p.stderr.await(patience, "orders"); !ok {
		t.Fatalf("nothing is sent:\n%s%s", p.stdout, p.stderr)
	}
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.exitCode(patience); code != 1 || !strings.Contains(p.line("balances"), "exact") {
		t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "of 10000000 orders were sent: interrupted") {
		t.Errorf("simulate says\n%s", p.stderr)
	}
}
