package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// checkRefused checks that a process has ended by itself with an exit code and
// one message, in words, that has all of parts in it.
func (p *process) checkRefused(code int, parts ...string) {
	p.t.Helper()
	if got := p.exitCode(patience); got != code {
		p.t.Errorf("%q: the exit code is %d, not %d", p.command.Args[1:], got, code)
	}
	text := p.stderr.String()
	if !strings.Contains("\n"+text, "\ndaybook: ") || strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		p.t.Errorf("%q does not end with a message:\n%s", p.command.Args[1:], text)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			p.t.Errorf("%q ends without naming %q:\n%s", p.command.Args[1:], part, text)
		}
	}
	if len(p.stdout.String()) > 0 {
		p.t.Errorf("%q prints %q", p.command.Args[1:], p.stdout)
	}
}

// TestSecondWriterIsRefused starts a second server on the same log, and
// commands that read beside the first.
func TestSecondWriterIsRefused(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{})
	s.record(completedOrder("ONE", "ann", 100))
	launch(t, options{data: s.data}).checkRefused(1, "daybook.lock", "stop that process")
	s.record(completedOrder("TWO", "ann", 100))
	events := replay(t, s.data)
	s.checkCommand(fold(t, events), "ann")
	if n := len(count(events, "PaymentVerified")); n != 2 {
		t.Errorf("beside the server, %d orders are replayed", n)
	}
	s.kill()
	again := start(t, options{data: s.data}) // the lock went with the process
	again.record(completedOrder("THREE", "ann", 100))
}

// TestUnusableDataDirectoriesAreRefused starts every command on directories
// that are none, or have something else in them.
func TestUnusableDataDirectoriesAreRefused(t *testing.T) {
	embedded(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, data    string
		serve, reader string // parts of the messages; no part if it works
	}{
		{"a missing directory", filepath.Join(t.TempDir(), "missing"), "", "there is no log at"},
		{"an empty directory", t.TempDir(), "", "there is no log at"},
		{"a file", file, "not a directory", "not a directory"},
		{"a file without content", withFile(t, ""), "", "the file is empty"},
		{"a text", withFile(t, strings.Repeat("once upon a time ", 1000)), "is not a daybook log", "is not a daybook log"},
		{"the database of another program", withDatabase(t, "CREATE TABLE t (x)"), "is not a daybook log", "is not a daybook log"},
		{"a later version's log", withDatabase(t, "PRAGMA application_id = 0x44415942; PRAGMA user_version = 99; CREATE TABLE events (x)"), "version 99", "version 99"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, command := range [][]string{{"replay"}, {"replay", "--format", "jsonl"}, {"balance", "ann"}} {
				_, p := run(t, nil, append(command, "--data", c.data)...)
				p.checkRefused(1, c.reader)
			}
			if c.serve == "" {
				s := start(t, options{data: c.data})
				s.record(completedOrder("ONE", "ann", 100))
				return
			}
			launch(t, options{data: c.data}).checkRefused(1, c.serve)
		})
	}
}

// withFile makes a data directory whose log is a file with the given content.
func withFile(t *testing.T, content string) string {
	t.Helper()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "daybook.db"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return data
}

// withDatabase makes a data directory whose log is an SQLite file made by a
// script.
func withDatabase(t *testing.T, script string) string {
	t.Helper()
	data := t.TempDir()
	conn, err := sqlite.OpenConn(filepath.Join(data, "daybook.db"), sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, script, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestReadOnlyDirectoryIsRefusedForWriting starts the commands on a log whose
// file system takes no writes, such as a backup.
func TestReadOnlyDirectoryIsRefusedForWriting(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{})
	s.record(completedOrder("ONE", "ann", 100))
	s.terminate()
	readOnly := []string{tool(t, "unshare", "util-linux"), "-rm", "sh", "-c", `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"`, s.data}
	launch(t, options{data: s.data, within: readOnly}).checkRefused(1, "read-only")

	for _, command := range [][]string{{"replay", "--format", "jsonl"}, {"balance", "ann"}} {
		line := append(append(readOnly[:len(readOnly):len(readOnly)], daybook(t)), command...)
		p := execute(t, "", nil, append(line, "--data", s.data)...)
		if code := p.exitCode(patience); code != 0 {
			p.checkRefused(1, "read-only")
		}
	}
}

// TestDamagedLogIsNoticed overwrites parts of a log of some hundred events: no
// command takes what is left for the whole.
func TestDamagedLogIsNoticed(t *testing.T) {
	embedded(t)
	t.Parallel()
	original := t.TempDir()
	s := start(t, options{data: original})
	var orders []string
	for i := range 200 {
		orders = append(orders, completedOrder(fmt.Sprintf("D%d", i), "ann", 100))
	}
	s.postEach(clients, orders)
	if code := s.terminate(); code != 0 {
		t.Fatalf("the exit code is %d", code)
	}
	content, err := os.ReadFile(filepath.Join(original, "daybook.db"))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for name, damage := range map[string]func([]byte) []byte{
		"first bytes":        func(b []byte) []byte { copy(b, "damaged and no longer a file of SQLite"); return b },
		"page size":          func(b []byte) []byte { b[16], b[17] = 0, 3; return b },
		"root of the schema": func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xff}, 200)); return b },
		"end cut off":        func(b []byte) []byte { return b[:len(b)/2/page*page] },
		"a page of zeros in the middle": func(b []byte) []byte {
			copy(b[len(b)/2/page*page:], make([]byte, page))
			return b
		},
		"half a page of zeros in the middle": func(b []byte) []byte {
			copy(b[len(b)/2/page*page+page/2:], make([]byte, page/2))
			return b
		},
		"many pages of ones": func(b []byte) []byte {
			copy(b[len(b)/4:], bytes.Repeat([]byte{0xff}, len(b)/2))
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := withFile(t, string(damage(bytes.Clone(content))))
			code, p := run(t, nil, "replay", "--format", "jsonl", "--data", data)
			if code != 1 || !strings.HasPrefix(p.stderr.String(), "daybook: ") || strings.Contains(p.stderr.String(), "goroutine ") {
				t.Errorf("replay ends with %d: %s", code, p.stderr)
			}
			t.Logf("replay: %s", p.stderr)
			_, p = run(t, nil, "balance", "ann", "--data", data)
			p.checkRefused(1)
			checkServesNoPart(t, data)
		})
	}
}

// checkServesNoPart starts a server on a damaged log. It refuses to start, or
// says that the balances are not there.
func checkServesNoPart(t *testing.T, data string) {
	t.Helper()
	p := launch(t, options{data: data})
	line, listens := p.stderr.await(patience, `"msg":"daybook is listening"`)
	if !listens {
		p.checkRefused(1)
		return
	}
	t.Logf("the server starts: %s", line)
	s := &server{process: p, client: newClient(t, p.awaitAddress()), data: data}
	p.stderr.await(patience, "projection tries again")
	for path, status := range map[string]int{"/healthz": 200, "/readyz/reads": 503, "/balances/ann": 503, "/orders/coinbase.D0": 503} {
		if a := s.request("GET", path, websiteSecret, ""); a.status != status {
			t.Errorf("on a damaged log, %s is answered %d %s", path, a.status, a.body)
		}
	}
}

// TestCommandsEndQuietlyWhenNobodyReadsOn cuts a replay off like head does.
func TestCommandsEndQuietlyWhenNobodyReadsOn(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{})
	var orders []string
	for i := range 200 {
		orders = append(orders, completedOrder(fmt.Sprintf("P%d", i), "ann", 100))
	}
	s.postEach(clients, orders)
	line := fmt.Sprintf("{ %s replay --format jsonl --data %s; echo exit $? >&2; } | head -n 1", daybook(t), s.data)
	command := exec.Command("sh", "-c", line)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		t.Fatal(err)
	}
	// The code of a program that a closed pipe has ended is 141, as of cat.
	if text := stderr.String(); text != "exit 0\n" && text != "exit 141\n" {
		t.Errorf("a replay that is cut off ends with %q", text)
	}
}
