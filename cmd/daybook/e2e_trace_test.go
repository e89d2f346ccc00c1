package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// strace returns the path of the tracer.
func strace(t *testing.T) string {
	t.Helper()
	return tool(t, "strace", "strace")
}

// tracedCalls are the system calls that files and connections are opened,
// written, read and synced with. A call that SQLite or Go should use one day
// instead of these makes the check of the trace fail, not pass.
const tracedCalls = "open,openat,mkdir,mkdirat,read,pread64,write,pwrite64,writev,pwritev,recvfrom,sendto,fsync,fdatasync,ftruncate,unlink,unlinkat"

// traced becomes a program and writes its system calls to a file.
func traced(t *testing.T, file string) []string {
	t.Helper()
	return []string{strace(t), "-D", "-f", "-ttt", "-yy", "-s", "131072", "-e", "trace=" + tracedCalls, "-e", "signal=none", "-o", file}
}

// call is one system call. Began and ended are line numbers of the trace, which
// has the lines in the order in which they happened: a thread cannot go on
// before its line is written.
type call struct {
	name         string
	path         string // of the file descriptor, or both ends of the connection
	text         string
	began, ended int
	succeeded    bool
}

var (
	tracePrefix = regexp.MustCompile(`^(\d+) +\d+\.\d+ (.*)$`)
	traceResume = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)$`)
	traceCall   = regexp.MustCompile(`^(\w+)\((.*)$`)
	tracePath   = regexp.MustCompile(`^\d+<(.*?)>(?:[,)]| <unfinished)`)
	traceResult = regexp.MustCompile(`\) += (-?\d+)`)
)

const unfinished = " <unfinished ...>"

// readTrace reads what strace has written.
func readTrace(t *testing.T, file string) []call {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var calls []*call
	open := map[string]*call{} // by thread
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		prefix := tracePrefix.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if prefix == nil {
			t.Fatalf("line %d of the trace is %q", number, line)
		}
		thread, text := prefix[1], prefix[2]
		if resumed := traceResume.FindStringSubmatch(text); resumed != nil {
			c := open[thread]
			if c == nil || c.name != resumed[1] {
				t.Fatalf("line %d of the trace resumes nothing: %q", number, line)
			}
			delete(open, thread)
			c.text += resumed[2]
			c.finish(number)
			continue
		}
		began := traceCall.FindStringSubmatch(text)
		if began == nil {
			continue // a thread or the process has ended
		}
		c := &call{name: began[1], text: began[2], began: number}
		if path := tracePath.FindStringSubmatch(c.text); path != nil {
			c.path = path[1]
		}
		calls = append(calls, c)
		if rest, waits := strings.CutSuffix(c.text, unfinished); waits {
			c.text = rest
			open[thread] = c
			continue
		}
		c.finish(number)
	}
	var finished []call
	for _, c := range calls {
		if c.ended > 0 {
			finished = append(finished, *c)
		}
	}
	return finished
}

func (c *call) finish(line int) {
	c.ended = line
	if results := traceResult.FindAllStringSubmatch(c.text, -1); results != nil {
		result, err := strconv.Atoi(results[len(results)-1][1])
		c.succeeded = err == nil && result >= 0
	}
}

func (c call) isSync(path string) bool {
	return (c.name == "fsync" || c.name == "fdatasync") && c.path == path && c.succeeded
}

// exchange is a callback that was answered 200.
type exchange struct {
	id        string
	read      call // that took the callback in
	answering call // that began to write the answer
}

// exchanges finds the callbacks with the given order ids in a trace.
func exchanges(t *testing.T, calls []call, ids []string) []exchange {
	t.Helper()
	var all []exchange
	for _, id := range ids {
		e := exchange{id: id}
		for _, c := range calls {
			switch {
			case !strings.HasPrefix(c.path, "TCP:"):
			case e.read.ended == 0 && c.name == "read" && strings.Contains(c.text, fmt.Sprintf(`\"id\":\"%s\"`, id)):
				e.read = c
			case e.read.ended > 0 && e.answering.began == 0 && c.path == e.read.path && c.name == "write" && c.began > e.read.ended:
				e.answering = c
			}
		}
		if e.read.ended == 0 || !strings.Contains(e.answering.text, "HTTP/1.1 200 OK") {
			t.Fatalf("the trace has no callback of order %s that was answered 200", id)
		}
		all = append(all, e)
	}
	return all
}

// unsynced says why the answer to a callback was not backed by the disk, or
// nothing. Between reading the callback and writing the answer, the pages with
// the order must be written to the journal, and a sync of that file
// must begin after the last write of the commit and end well.
func unsynced(calls []call, e exchange, journal string) string {
	var written, synced call
	for _, c := range calls {
		if c.path != journal || c.began <= e.read.ended {
			continue
		}
		switch {
		case written.ended == 0 && c.name == "pwrite64" && strings.Contains(c.text, e.id):
			written = c
		case written.ended > 0 && synced.ended == 0 && c.isSync(journal) && c.began > written.ended:
			synced = c
		}
	}
	switch {
	case written.ended == 0 || written.ended >= e.answering.began:
		return "was answered before it was written to the journal"
	case synced.ended == 0 || synced.ended >= e.answering.began:
		return "was answered before the journal was synced"
	}
	for _, c := range calls {
		if c.path == journal && c.name == "pwrite64" && c.ended > synced.began && c.began < synced.ended {
			return "was synced while the journal was being written"
		}
	}
	return ""
}

// writtenBetween reports whether a file was written after one call and before
// another.
func writtenBetween(calls []call, path string, after, before int) bool {
	for _, c := range calls {
		if c.path == path && c.name == "pwrite64" && c.began > after && c.began < before {
			return true
		}
	}
	return false
}

// unsyncedEntries returns the files and directories under a directory whose
// creation was not followed by a sync of the directory that has their entry,
// before a line of the trace.
func unsyncedEntries(calls []call, under string, before int) []string {
	var entries []string
	known := map[string]bool{}
	for _, c := range calls {
		created := strings.HasPrefix(c.name, "mkdir") || strings.HasPrefix(c.name, "open") && strings.Contains(c.text, "O_CREAT")
		_, rest, _ := strings.Cut(c.text, `"`)
		path, _, _ := strings.Cut(rest, `"`)
		if !created || !c.succeeded || !strings.HasPrefix(path, under) || known[path] {
			continue
		}
		known[path] = true
		durable := strings.HasSuffix(path, "-journal") || strings.HasSuffix(path, "-shm") // of no use after a loss of power
		for _, s := range calls {
			durable = durable || s.isSync(filepath.Dir(path)) && s.began > c.ended && s.ended < before
		}
		if !durable {
			entries = append(entries, path)
		}
	}
	return entries
}
