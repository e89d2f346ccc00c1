package main_test

import (
	"crypto/elliptic"
	"net"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// freeAddress returns an address of this machine that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// startDev starts a server with --dev that asks the Coinbase of a simulation, and returns
// the arguments of that simulation.
func startDev(t *testing.T, settings ...string) (*server, []string) {
	t.Helper()
	at := freeAddress(t)
	s := start(t, options{arguments: []string{"--dev", "--coinbase-url", "http://" + at}, settings: append([]string{}, settings...)})
	return s, []string{"--provider", "checkouts", "--data", s.data, "--server", "http://" + s.address, "--coinbase-listen", at}
}

// TestSimulateFindsEveryCheckoutExact registers, pays and verifies in every order, against
// a server without further settings.
func TestSimulateFindsEveryCheckoutExact(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s, arguments := startDev(t)
	code, p := simulate(t, nil, append(arguments, "--orders", "400", "--users", "20",
		"--duplicates", "0.3", "--reordered", "0.3", "--mispaid", "0.15", "--contradicted", "0.1", "--lost", "0.1")...)
	if code != 0 || !strings.Contains(p.line("balances"), "exact: each of 20 users") || !strings.Contains(p.line("review"), "exact: ") {
		t.Fatalf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	s.terminate()
	succeed(t, "verify", "--data", s.data)
	events := replay(t, s.data)
	for stream, times := range count(events, "PaymentVerified") {
		if times != 1 {
			t.Errorf("%s is verified %d times", stream, times)
		}
	}
	if n := len(count(events, "PaymentMispaid")); n < 30 {
		t.Errorf("hardly any order is mispaid: %d", n)
	}
	if n := len(count(events, "OrderLinked")); n < 30 {
		t.Errorf("hardly any order of the website is linked: %d", n)
	}
}

// TestSimulatedCheckoutsRideOutACrash kills the server while it is paid and verifies.
func TestSimulatedCheckoutsRideOutACrash(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s, arguments := startDev(t)
	working := make(chan struct{})
	address := s.behindProxy(func(number int64, _ string) bool {
		if number == 150 {
			close(working)
		}
		return false
	})
	p := execute(t, "", nil, append(append([]string{daybook(t), "simulate"}, arguments...), "--server", address, "--orders", "400", "--connections", "4")...)
	select {
	case <-working:
	case <-p.exited:
		t.Fatalf("nothing is sent:\n%s%s", p.stdout, p.stderr)
	}
	s.kill()
	start(t, options{data: s.data, settings: []string{}, arguments: []string{"--dev", "--listen", s.address, "--coinbase-url", "http://" + arguments[len(arguments)-1]}})
	if code := p.exitCodeWhileMoving(); code != 0 || !strings.Contains(p.line("balances"), "exact") || !strings.Contains(p.line("review"), "exact") {
		t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if strings.Contains(p.line("answers"), "; 0 failed") {
		t.Errorf("no request met the crash: %s", p.line("answers"))
	}
}

func TestSimulateJudgesTheCheckoutsThatWereSentWhenInterrupted(t *testing.T) {
	anyLog(t)
	t.Parallel()
	_, arguments := startDev(t)
	p := execute(t, "", nil, append(append([]string{daybook(t), "simulate"}, arguments...), "--orders", "100000", "--connections", "2", "--lost", "0.1")...)
	if _, ok := p.stderr.await(patience, "orders"); !ok {
		t.Fatalf("nothing is sent:\n%s%s", p.stdout, p.stderr)
	}
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.exitCodeWhileMoving(); code != 1 || !strings.Contains(p.line("balances"), "exact") || !strings.Contains(p.line("review"), "exact") {
		t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "of 100000 orders were sent: interrupted") {
		t.Errorf("simulate says\n%s", p.stderr)
	}
}

// TestSimulateNamesTheUserWhoseCheckoutIsLost forgets a webhook and acknowledges it all
// the same.
func TestSimulateNamesTheUserWhoseCheckoutIsLost(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s, arguments := startDev(t)
	var webhooks, forgotten atomic.Int64
	address := s.behindProxy(func(_ int64, body string) bool {
		return strings.Contains(body, "payment.success") && webhooks.Add(1) == 1 && forgotten.Add(1) == 1
	})
	code, p := simulate(t, nil, append(arguments, "--server", address, "--orders", "1", "--user", "carol", "--lost", "0")...)
	if code != 1 || forgotten.Load() != 1 || !strings.Contains(p.stdout.String(), "carol has no USD and must have 44.57") || !strings.Contains(p.stderr.String(), "1 of 1 users do not have what was paid") {
		t.Errorf("the webhook is lost and simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
}

// TestSimulateFindsWhatIsCreditedAgainstCoinbase has a server that takes the word of
// webhooks, which say more than was paid.
func TestSimulateFindsWhatIsCreditedAgainstCoinbase(t *testing.T) {
	anyLog(t)
	t.Parallel()
	_, arguments := startDev(t, "DAYBOOK_CHECKOUT_NEEDS=signature,registered")
	code, p := simulate(t, nil, append(arguments, "--orders", "20", "--user", "mallory", "--contradicted", "1", "--mispaid", "0", "--lost", "0")...)
	if code != 1 || !strings.Contains(p.line("review"), "WRONG: 19 orders do not wait as they must") || !strings.Contains(p.stdout.String(), "waits in review for none and must wait for provider-disagrees") {
		t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	if !strings.Contains(p.stdout.String(), "mallory has ") || !strings.Contains(p.stderr.String(), "1 of 1 users do not have what was paid") {
		t.Errorf("simulate finds no balance:\n%s%s", p.stdout, p.stderr)
	}
}

// TestSimulateFindsThatCoinbaseIsNotAsked has a server that could verify nothing.
func TestSimulateFindsThatCoinbaseIsNotAsked(t *testing.T) {
	anyLog(t)
	t.Parallel()
	key := []string{"DAYBOOK_COINBASE_KEY_NAME=" + apiKeyName, "DAYBOOK_COINBASE_KEY=" + newPEM(t, elliptic.P256())}
	for name, c := range map[string]struct {
		settings []string // of the server
		moved    bool     // the Coinbase of the simulation is not where it is asked
		says     string
	}{
		"another API key": {key, false, "with another API key"},
		"another address": {nil, true, "the server has not asked the Coinbase at"},
		"no evidence":     {[]string{"DAYBOOK_CHECKOUT_NEEDS=signature,registered"}, true, "the server has not asked the Coinbase at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, arguments := startDev(t, c.settings...)
			if c.moved {
				arguments = append(arguments, "--coinbase-listen", freeAddress(t))
			}
			code, p := simulate(t, nil, append(arguments, "--orders", "3", "--patience", "3s", "--lost", "0")...)
			if code != 1 || !strings.Contains(p.stderr.String(), c.says) {
				t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
			}
			if isWrong := strings.Contains(p.line("balances"), "WRONG"); isWrong != (name != "no evidence") {
				t.Errorf("simulate says %s", p.line("balances"))
			}
		})
	}
}

func TestSimulateSaysAtOnceWhyCheckoutsAreRefused(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s, arguments := startDev(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, c := range map[string]struct {
		settings, arguments []string
		says                string
	}{
		"a wrong secret":   {[]string{"DAYBOOK_CHECKOUT_SECRETS=wrong"}, nil, "Set DAYBOOK_CHECKOUT_SECRETS to"},
		"a wrong token":    {[]string{"DAYBOOK_TOKEN=wrong"}, nil, "need an operator's"},
		"half a key":       {[]string{"DAYBOOK_COINBASE_KEY_NAME=" + apiKeyName}, nil, "DAYBOOK_COINBASE_KEY"},
		"no secrets":       {nil, []string{"--data", t.TempDir()}, "make run"},
		"nobody there":     {nil, []string{"--server", "http://" + freeAddress(t)}, "nothing listens at"},
		"an address taken": {nil, []string{"--coinbase-listen", busy.Addr().String()}, "--coinbase-listen"},
		"too many orders":  {nil, []string{"--orders", "100001"}, "100000 with checkouts"},
	} {
		code, p := simulate(t, c.settings, append(arguments, c.arguments...)...)
		if code != 1 || !strings.Contains(p.stderr.String(), c.says) {
			t.Errorf("%s: simulate ends with %d:\n%s%s", name, code, p.stdout, p.stderr)
		}
	}
	if events := replay(t, s.data); len(events) > 1 {
		t.Errorf("it left %d events", len(events))
	}
}

// TestReadmeSimulatesCheckouts runs README's lines against a server at other addresses.
func TestReadmeSimulatesCheckouts(t *testing.T) {
	anyLog(t)
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, arguments := startDev(t)
	lines := regexp.MustCompile(`(?m)^\$ \./bin/daybook simulate (--provider checkouts.*)$`).FindAllStringSubmatch(string(readme), -1)
	if len(lines) != 2 {
		t.Fatalf("README has %d lines that simulate checkouts", len(lines))
	}
	for _, line := range lines {
		code, p := simulate(t, nil, append(strings.Fields(line[1]), arguments...)...)
		if code != 0 || !strings.Contains(p.line("balances"), "exact") {
			t.Errorf("%s ends with %d:\n%s%s", line[0], code, p.stdout, p.stderr)
		}
	}
}
