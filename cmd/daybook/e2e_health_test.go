package main_test

import (
	"strings"
	"testing"
)

func TestHealthAsksTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	if code, p := run(t, nil, "health", "--listen", s.address); code != 0 {
		t.Errorf("a server that lives: exit code %d: %s", code, p.stderr)
	}
	if code := s.terminate(); code != 0 {
		t.Errorf("the server ends with %d", code)
	}
	if code, p := run(t, nil, "health", "--listen", s.address); code != 1 || !strings.Contains(p.stderr.String(), "no daybook answers") {
		t.Errorf("a server that is gone: exit code %d: %s", code, p.stderr)
	}
}
