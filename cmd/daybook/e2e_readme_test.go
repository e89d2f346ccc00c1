package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrintedLinesWorkAsTheyStand pastes what serve --dev prints into a shell,
// which is what README asks a newcomer to do.
func TestPrintedLinesWorkAsTheyStand(t *testing.T) {
	inTree(t) // else the lines name the test binary
	t.Parallel()
	home := t.TempDir()
	o := options{data: filepath.Join(home, "daybook data"), arguments: []string{"--dev", "--coinbase-url", "http://" + freeAddress(t)}, settings: []string{}, directory: home}
	s := start(t, o)
	lines := printedLines(t, s)
	if len(lines) != 6 {
		t.Fatalf("%d lines are printed to paste: %q", len(lines), lines)
	}
	wants := []string{
		`"outcome":"recorded"`,
		`{"currency":"USD","available":"12.53","pending":"0.00"}`,
		"PaymentVerified",
		"12.53",
		"exact: each of 1 users has what was paid",
		`{"user":"bob","balances":[{"currency":"USD","available":"44.57","pending":"0.00"}]`,
	}
	// The answer to a callback does not wait for the read model.
	paste := func(i int) string { return shell(t, home, lines[i], eventstoreSettings(o.data)...) }
	check := func(i int, text string) {
		t.Helper()
		if !strings.Contains(text, wants[i]) {
			t.Errorf("%s\nprints %s\nwithout %s", lines[i], text, wants[i])
		}
	}
	check(0, paste(0))
	s.request("GET", "/balances/alice?min_position=3", devToken(t, lines[1]), "")
	for i := 1; i < len(lines); i++ {
		check(i, paste(i))
	}
	if text := paste(0); !strings.Contains(text, `"outcome":"duplicate"`) {
		t.Errorf("the second time, the callback is answered %s", text)
	}

	if code := s.terminate(); code != 0 {
		t.Errorf("after SIGTERM the exit code is %d:\n%s", code, s.stderr)
	}
	again := start(t, o)
	for i, line := range printedLines(t, again) {
		if i > 0 {
			lines[i] = line // the port is another one, the secrets are the same
			check(i, paste(i))
		}
	}
}

// printedLines returns the lines that are indented for pasting.
func printedLines(t *testing.T, s *server) []string {
	t.Helper()
	if _, ok := s.stdout.await(patience, " balance "); !ok {
		t.Fatalf("nothing is printed to paste:\n%s", s.stdout)
	}
	var lines []string
	for line := range strings.Lines(s.stdout.String()) {
		if command, ok := strings.CutPrefix(line, "  "); ok {
			lines = append(lines, strings.TrimSpace(command))
		}
	}
	return lines
}

// devToken returns the token in a printed line.
func devToken(t *testing.T, line string) string {
	t.Helper()
	_, rest, _ := strings.Cut(line, "Bearer ")
	token, _, found := strings.Cut(rest, "'")
	if !found {
		t.Fatalf("no token in %s", line)
	}
	return token
}

// shell runs a line in a directory and returns what it prints.
func shell(t *testing.T, directory, line string, settings ...string) string {
	t.Helper()
	command := exec.Command("sh", "-c", line)
	command.Dir = directory
	command.Env = append(os.Environ(), settings...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}
