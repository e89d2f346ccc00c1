package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/projections/local"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// TestVerifyFindsARowThatWasLost takes an item off a list, and adds one.
func TestVerifyFindsARowThatWasLost(t *testing.T) {
	embedded(t)
	s := start(t, options{})
	s.postEach(1, []string{`{"a":1}`, `{"a":2}`, `{"a":3}`})
	verified := func(want int, lines ...string) {
		t.Helper()
		code, p := run(t, nil, "verify", "--data", s.data)
		said := p.stdout.String() + p.stderr.String()
		for _, line := range lines {
			if code != want || !strings.Contains(said, line) {
				t.Fatalf("exit code %d, want %d and %q:\n%s", code, want, line, said)
			}
		}
	}
	waitForItems(t, s.data, 3)
	verified(0, "local.db: 3 open items and 0 orders compared", "no difference")
	s.terminate()
	verified(0, "local.db: 3 open items and 0 orders compared")
	spoil(t, s.data, "DELETE FROM items WHERE position = (SELECT max(position) FROM items)")
	verified(1, "opened it, and the list does not have it", "1 difference")
	spoil(t, s.data, "UPDATE items SET key = 'x', event = 'x' WHERE position = (SELECT max(position) FROM items)")
	verified(1, "quarantine x it does not wait", "3 differences")
	spoil(t, s.data, "UPDATE checkpoint SET fold = 7")
	verified(0, "local.db is not compared: it is folded again at the next start")
}

// TestVerifyFindsAnOrderThatIsListedOtherwise changes the list of orders in each way.
func TestVerifyFindsAnOrderThatIsListedOtherwise(t *testing.T) {
	embedded(t)
	s := start(t, options{})
	s.postEach(1, []string{completedOrder("A", "u/1", 100), completedOrder("B", "u/2", 200), completedOrder("C", "", 300)})
	waitForItems(t, s.data, 1)
	s.terminate()
	verify := func() (code int, said string) {
		t.Helper()
		code, p := run(t, nil, "verify", "--data", s.data)
		return code, p.stdout.String() + p.stderr.String()
	}
	if code, said := verify(); code != 0 || !strings.Contains(said, "local.db: 1 open item and 3 orders compared") {
		t.Fatalf("exit code %d: %s", code, said)
	}
	whole, err := os.ReadFile(filepath.Join(s.data, local.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string]string{
		"DELETE FROM orders WHERE stream = 'order-coinbase.B'": "order coinbase.B it begins at position 4, and the list does not have it",
		"DELETE FROM orders": "3 differences",
		"UPDATE orders SET status = 'paid' WHERE status = 'held'":                             "order coinbase.C it is listed as coinbase.C, paid since position 6, and the log says coinbase.C, held since 6",
		"UPDATE orders SET changed = 7 WHERE status = 'held'":                                 "order coinbase.C it is listed as coinbase.C, held since position 7",
		"UPDATE orders SET user = 7 WHERE stream = 'order-coinbase.A'":                        "order coinbase.A it is listed for another user or reference",
		"UPDATE orders SET reference = 7 WHERE stream = 'order-coinbase.A'":                   "order coinbase.A the list of its user or reference does not have it",
		"UPDATE orders SET stream = 'order-coinbase.Z' WHERE stream = 'order-coinbase.A'":     "order coinbase.A it is listed as coinbase.Z, paid",
		"INSERT INTO orders VALUES (99, 98, 99, 'order-coinbase.Z', 0, 0, 'paid')":            "order coinbase.Z it is listed at position 99, where no order begins",
		"DELETE FROM keys WHERE hash = (SELECT user FROM orders WHERE stream LIKE '%B')":      "order coinbase.B the list of its user or reference does not have it",
		"UPDATE orders SET created = 3 WHERE stream = 'order-coinbase.A' AND status = 'paid'": "order coinbase.A it is listed at position 3, where no order begins",
	} {
		spoil(t, s.data, statement)
		if code, said := verify(); code != 1 || !strings.Contains(said, want) || strings.Contains(said, "u/") {
			t.Errorf("%s: exit code %d, want %q:\n%s", statement, code, want, said)
		}
		for _, suffix := range []string{"-wal", "-shm"} {
			_ = os.Remove(filepath.Join(s.data, local.FileName+suffix))
		}
		if err := os.WriteFile(filepath.Join(s.data, local.FileName), whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// waitForItems waits until the lists have so many items.
func waitForItems(t *testing.T, data string, want int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		items := 0
		snapshot, err := local.OpenSnapshot(t.Context(), data)
		if err == nil {
			err = snapshot.Each(func(string, local.Item) error { items++; return nil })
			if closeErr := snapshot.Close(); closeErr != nil {
				t.Fatal(closeErr)
			}
		}
		if err == nil && items == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d items, want %d, error %v", items, want, err)
		}
	}
}

func spoil(t *testing.T, data, statement string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(data, local.FileName), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeFindsWhatWaits pastes README's lines.
func TestReadmeFindsWhatWaits(t *testing.T) {
	inTree(t)
	t.Parallel()
	s := start(t, options{})
	posted := s.post(completedOrder("5RTQNACF", "alice", 1253))
	s.postEach(1, []string{
		completedOrder("QQQQ1111", "", 700), `{"order":{"status":"completed"}}`,
	})
	waitForItems(t, s.data, 2)
	s.awaitMetric(`daybook_worklist_items{list="quarantine",reason="incomplete"}`, 1)
	s.awaitMetric(`daybook_worklist_items{list="review",reason="no-user"}`, 1)
	if age := s.metric(`daybook_worklist_oldest_age_seconds{list="review"}`); age <= 0 || age > 600 {
		t.Errorf("the oldest is %v s old", age)
	}
	for _, by := range []string{"alice", posted.header.Get("X-Request-Id")} {
		code, p := run(t, []string{"DAYBOOK_TOKEN=" + auditorSecret}, "find", by, "--server", "http://"+s.address)
		if code != 0 || !strings.Contains(p.stdout.String(), "Order coinbase.5RTQNACF of user alice") {
			t.Errorf("find %s prints %s%s", by, p.stdout, p.stderr)
		}
	}
	section := readmeSection(t, "### What waits, and where a payment is")
	_, lines, _ := strings.Cut(section, "```sh\n")
	lines, _, _ = strings.Cut(lines, "```")
	wants := []string{": 1 no-user\n", `"reasons"`, "incomplete", "Order coinbase.5RTQNACF of user alice: 12.53 USD was credited on "}
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		settings := append([]string{"DAYBOOK_TOKEN=" + auditorSecret, "DAYBOOK_SERVER=http://" + s.address}, eventstoreSettings(s.data)...)
		line = strings.ReplaceAll(line, "./bin/daybook", daybook(t))
		if text := shell(t, t.TempDir(), line, settings...); !strings.Contains(text, wants[i]) {
			t.Errorf("%s\nprints %s\nwithout %s", line, text, wants[i])
		}
	}
}

// TestAnUnknownPaymentIsAnAnswer asks for what is not there, and without a right.
func TestAnUnknownPaymentIsAnAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	s.awaitStatus("/readyz/reads", 200)
	for token, want := range map[string]string{
		websiteSecret: "Nothing is known of NONE: no callback with it was received", "wrong-secret-of-nobody": "401",
	} {
		code, p := run(t, []string{"DAYBOOK_TOKEN=" + token}, "find", "NONE", "--server", "http://"+s.address)
		if said := p.stdout.String() + p.stderr.String(); !strings.Contains(said, want) || (code == 0) != (token == websiteSecret) {
			t.Errorf("exit code %d: %s", code, said)
		}
	}
	code, p := run(t, []string{"DAYBOOK_TOKEN=" + websiteSecret}, "review", "--server", "http://"+s.address)
	if code != 1 || !strings.Contains(p.stderr.String(), "403") {
		t.Errorf("exit code %d: %s", code, p.stderr)
	}
}
