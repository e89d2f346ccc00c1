package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"daybook/projections/redistest"
)

// redisBooks is a server with its read models in Redis, and what was posted to it.
type redisBooks struct {
	*server
	redis *redistest.Server
}

func openBooks(t *testing.T) *redisBooks {
	t.Helper()
	redis := redistest.Start(t)
	b := &redisBooks{start(t, options{arguments: []string{"--redis", redis.URL()}}), redis}
	b.sell(0, 200)
	return b
}

// sell posts paid orders with the numbers from first on, and waits until they
// can be read.
func (b *redisBooks) sell(first, n int) {
	b.test.Helper()
	var bodies []string
	for i := first; i < first+n; i++ {
		bodies = append(bodies, completedOrder(fmt.Sprintf("V%d", i), fmt.Sprintf("u/%d", i%20), 100+i))
	}
	b.balances("u/0", last(b.postEach(16, bodies)))
}

// command runs a command on the log and the Redis, and returns what it prints.
func (b *redisBooks) command(name string, more ...string) (code int, stdout, stderr string) {
	b.test.Helper()
	code, p := run(b.test, nil, append([]string{name, "--data", b.data, "--redis", b.redis.URL()}, more...)...)
	return code, p.stdout.String(), p.stderr.String()
}

func TestVerifyBesideARunningServer(t *testing.T) {
	b := openBooks(t)
	code, stdout, stderr := b.command("verify")
	if code != 0 || !strings.Contains(stdout, "no difference") || !strings.Contains(stdout, "20 users with 200 entries") || !strings.Contains(stdout, "liabilities:users") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	client := b.redis.Client() // a key that was deleted the server makes again
	client.HIncrByFloat(t.Context(), "{daybook}:1:balance:u%2F7", "USD", 0.01)
	client.Set(t.Context(), "{daybook}:1:bonus:u%2F7", "1", 0)
	code, stdout, stderr = b.command("verify")
	if code != 1 || !strings.Contains(stderr, "2 differences") || !strings.Contains(stderr, "daybook rebuild") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	for _, line := range []string{
		"{daybook}:1:balance:u%2F7 USD is",
		"{daybook}:1:bonus:u%2F7 is surplus",
	} {
		if !strings.Contains(stdout, line) {
			t.Errorf("%q is not in\n%s", line, stdout)
		}
	}
}

func TestVerifyThatCannot(t *testing.T) {
	embedded(t)
	b := openBooks(t)
	code, _, stderr := b.command("verify", "--redis-prefix", "{other}")
	if code != 2 || !strings.Contains(stderr, "there is no read model") {
		t.Errorf("without a model: exit code %d: %s", code, stderr)
	}
	b.redis.Kill()
	if code, _, stderr = b.command("verify"); code != 2 || !strings.Contains(stderr, "could not verify: redis cannot be read") {
		t.Errorf("without Redis: exit code %d: %s", code, stderr)
	}
	code, p := run(t, nil, "verify", "--data", filepath.Join(t.TempDir(), "nothing"))
	if code != 2 || !strings.Contains(p.stderr.String(), "there is no log") {
		t.Errorf("without a log: exit code %d: %s", code, p.stderr)
	}
}

func TestVerifyWithoutRedisChecksTheLog(t *testing.T) {
	s := start(t, options{})
	s.record(completedOrder("A", "u1", 1253))
	s.record(mispaidOrder("A", "u1", "completed", 500))
	s.record(payout("P1", "Completed"))
	stdout := succeed(t, "verify", "--data", s.data)
	for _, part := range []string{"no difference", "evidence: 3 kept bodies and the 4 events", "no stored read model", "liabilities:users", "-12.53  USD", "liabilities:suspense", "assets:bank"} {
		if !strings.Contains(stdout, part) {
			t.Errorf("%q is not in\n%s", part, stdout)
		}
	}
}

func TestRebuildBesideARunningServer(t *testing.T) {
	b := openBooks(t)
	b.redis.Client().HIncrByFloat(t.Context(), "{daybook}:1:balance:u%2F7", "USD", 0.01)
	code, stdout, stderr := b.command("rebuild", "--grace", "0s")
	if code != 0 || !strings.Contains(stdout, "switched from generation 1 to 2") || !strings.Contains(stderr, "filling generation 2\n") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	b.sell(200, 50) // the server goes on with the new generation
	if code, stdout, stderr = b.command("verify"); code != 0 || !strings.Contains(stdout, "generation 2") || !strings.Contains(stdout, "20 users with 250 entries") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if left, _, err := b.redis.Client().Scan(t.Context(), 0, "{daybook}:1:*", 10_000).Result(); err != nil || len(left) > 0 {
		t.Errorf("%d keys of the old generation are left; error %v", len(left), err)
	}
}

// TestRebuildAfterEverythingIsLost has no server beside it.
func TestRebuildAfterEverythingIsLost(t *testing.T) {
	b := openBooks(t)
	b.terminate()
	b.redis.Client().FlushAll(t.Context())
	if code, stdout, stderr := b.command("rebuild", "--grace", "0s"); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := b.command("verify"); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestRebuildIsInterrupted stops it while it waits to delete the old
// generation: the next one finishes what is left.
func TestRebuildIsInterrupted(t *testing.T) {
	b := openBooks(t)
	p := execute(t, "", nil, daybook(t), "rebuild", "--data", b.data, "--redis", b.redis.URL(), "--grace", "1m")
	if _, ok := p.stderr.await(patience, "generation 2 is read now"); !ok {
		t.Fatalf("it did not switch:\n%s", p.stderr)
	}
	if err := p.command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := p.exitCode(patience); code != 1 || !strings.Contains(p.stderr.String(), "interrupted") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
	code, stdout, stderr := b.command("rebuild", "--grace", "0s")
	if code != 0 || !strings.Contains(stdout, "switched from generation 2 to 3") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr = b.command("verify"); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestRebuildWithoutRedis(t *testing.T) {
	code, p := run(t, nil, "rebuild", "--data", t.TempDir())
	if code != 2 || !strings.Contains(p.stderr.String(), "there is nothing to rebuild without --redis") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
}
