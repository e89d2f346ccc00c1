package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// killedLog returns the directory of a server that was killed after it had
// acknowledged payments of 1.00 to u1.
func killedLog(t *testing.T, payments int) string {
	t.Helper()
	s := start(t, options{})
	for i := range payments {
		s.record(completedOrder(fmt.Sprintf("LOSS%d", i), "u1", 100))
	}
	s.kill()
	return s.data
}

// commands reads a log with every command that does.
var readingCommands = [][]string{{"verify"}, {"replay"}, {"balance", "u1"}, {"replay", "order-coinbase.LOSS1"}}

// TestALogWithoutItsJournalIsRefusedUntilThatIsAccepted is the way of whoever has
// lost it: refused, accepted, served, verified.
func TestALogWithoutItsJournalIsRefusedUntilThatIsAccepted(t *testing.T) {
	t.Parallel()
	embedded(t)
	data := killedLog(t, 3)
	if err := os.Remove(filepath.Join(data, "daybook.journal")); err != nil {
		t.Fatal(err)
	}
	for _, command := range readingCommands {
		code, p := run(t, nil, append(command, "--data", data)...)
		if code == 0 || command[0] == "verify" && code != 2 {
			t.Errorf("%v ends with %d", command, code)
		}
		checkNamesTheJournal(t, p)
	}
	p := launch(t, options{data: data})
	if code := p.exitCode(patience); code == 0 {
		t.Errorf("serve ends with %d", code)
	}
	checkNamesTheJournal(t, p)

	if code, _ := run(t, nil, "log", "accept-loss", "--reason", " ", "--data", data); code != 2 {
		t.Errorf("without a reason: code %d", code)
	}
	out := succeed(t, "log", "accept-loss", "--reason", "the disk was replaced", "--data", data)
	if !strings.Contains(out, "may be missing") {
		t.Errorf("accept-loss says %q", out)
	}
	if code, p := run(t, nil, "log", "accept-loss", "--reason", "again", "--data", data); code != 1 || !strings.Contains(p.stderr.String(), "nothing to accept") {
		t.Errorf("accepted again: code %d: %s", code, p.stderr)
	}
	s := start(t, options{data: data})
	s.record(completedOrder("AFTER", "u1", 100))
	s.terminate()
	succeed(t, "verify", "--data", data)
	if out := succeed(t, "replay", "daybook-log", "--data", data); !strings.Contains(out, "LossAccepted") || !strings.Contains(out, "the disk was replaced") {
		t.Errorf("the log says %s", out)
	}
}

func checkNamesTheJournal(t *testing.T, p *process) {
	t.Helper()
	said := p.stderr.String()
	for _, text := range []string{"daybook.journal is missing", "after position", "accept-loss"} {
		if !strings.Contains(said, text) {
			t.Errorf("%v does not say %q: %s", p.command.Args[1:], text, said)
		}
	}
}

// TestATornFrameOnAnotherMachineIsReportedUntilItIsAccepted accepts it through the
// running server.
func TestATornFrameOnAnotherMachineIsReportedUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	embedded(t)
	data := killedLog(t, 3)
	if err := os.Remove(filepath.Join(data, "daybook.journal-mark")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "daybook.journal")
	journal, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	journal[bytes.LastIndex(journal, []byte("order-coinbase.LOSS2"))+100] ^= 1
	if err := os.WriteFile(path, journal, 0o600); err != nil {
		t.Fatal(err)
	}
	unverified := func() {
		t.Helper()
		if code, p := run(t, nil, "verify", "--data", data); code != 2 || !strings.Contains(p.stderr.String(), "positions 6 to 7") {
			t.Errorf("verify ends with %d: %s", code, p.stderr)
		}
	}
	unverified()
	if code, p := run(t, nil, "balance", "u1", "--data", data); code != 0 || !strings.Contains(p.stdout.String(), "2.00") || !strings.Contains(p.stderr.String(), "positions 6 to 7") {
		t.Errorf("balance ends with %d: %s %s", code, p.stdout, p.stderr)
	}
	s := start(t, options{data: data})
	if _, ok := s.stderr.await(patience, `"missing":"positions 6 to 7"`); !ok {
		t.Errorf("serve says nothing of it: %s", s.stderr)
	}
	unverified()
	line := []string{"log", "accept-loss", "--reason", "a loss of power", "--data", data, "--server", "http://" + s.address}
	if code, p := run(t, nil, line...); code != 1 || !strings.Contains(p.stderr.String(), "DAYBOOK_TOKEN") {
		t.Errorf("without a token: code %d: %s", code, p.stderr)
	}
	if code, p := run(t, []string{"DAYBOOK_TOKEN=" + websiteSecret}, line...); code != 1 || !strings.Contains(p.stderr.String(), "403") {
		t.Errorf("as website: code %d: %s", code, p.stderr)
	}
	if code, p := run(t, []string{"DAYBOOK_TOKEN=" + operatorSecret}, line...); code != 0 || !strings.Contains(p.stdout.String(), "positions 6 to 7") {
		t.Errorf("as operator: code %d: %s", code, p.stderr)
	}
	succeed(t, "verify", "--data", data)
	s.terminate()
	succeed(t, "verify", "--data", data)
}

// TestADirectoryThatIsDeletedEndsTheServer within ten seconds.
func TestADirectoryThatIsDeletedEndsTheServer(t *testing.T) {
	t.Parallel()
	embedded(t)
	s := start(t, options{})
	s.record(completedOrder("A1", "u1", 100))
	err := os.RemoveAll(s.data)
	for range 100 { // the server may create a file meanwhile
		if err == nil {
			break
		}
		err = os.RemoveAll(s.data)
	}
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if code := s.exitCode(10 * time.Second); code != 3 { // which the unit of systemd does not start again after
		t.Errorf("it ends with %d", code)
	}
	if said := s.stderr.String(); !strings.Contains(said, "taken away") || !strings.Contains(said, "put the directory back") {
		t.Errorf("after %s it says %s", time.Since(begun), said)
	}
}

// TestABackupOfARunningServerVerifies restores it as well.
func TestABackupOfARunningServerVerifies(t *testing.T) {
	t.Parallel()
	embedded(t)
	s := start(t, options{})
	for i := range 20 {
		s.record(completedOrder(fmt.Sprintf("B%d", i), "u1", 100))
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if out := succeed(t, "backup", copied, "--data", s.data); !strings.Contains(out, "position 41") {
		t.Errorf("backup says %q", out)
	}
	s.record(completedOrder("LATER", "u1", 100))
	if out := succeed(t, "verify", "--data", copied); !strings.Contains(out, "SHA256SUMS") || !strings.Contains(out, "41 events") {
		t.Errorf("verify says %q", out)
	}
	if code, p := run(t, nil, "backup", copied, "--data", s.data); code != 1 || !strings.Contains(p.stderr.String(), "name a directory") {
		t.Errorf("again: code %d: %s", code, p.stderr)
	}
	path := filepath.Join(copied, "daybook.db")
	database, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := bytes.Clone(database)
	spoiled[len(spoiled)/2] ^= 1
	if err := os.WriteFile(path, spoiled, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, p := run(t, nil, "verify", "--data", copied); code != 2 || !strings.Contains(p.stderr.String(), "SHA-256") {
		t.Errorf("verify of a spoiled copy: code %d: %s", code, p.stderr)
	}
	if err := os.WriteFile(path, database, 0o600); err != nil {
		t.Fatal(err)
	}
	restored := start(t, options{data: copied})
	if got := restored.balances("u1", 0)["USD"]; got != "20.00" {
		t.Errorf("the restored log has %s", got)
	}
}
