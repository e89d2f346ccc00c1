package main_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"daybook/cmd/internal/powerloss"
)

// strace returns the path of the tracer.
func strace(t *testing.T) string {
	t.Helper()
	return tool(t, "strace", "strace")
}

// readTrace reads the calls of a program that have ended, as powerloss.Command
// had them written.
func readTrace(t *testing.T, file string) []powerloss.Call {
	t.Helper()
	calls, err := powerloss.ReadTrace(file)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(calls, func(c powerloss.Call) bool { return c.Ended == 0 })
}

// exchange is a callback that was answered 200.
type exchange struct {
	id        string
	read      powerloss.Call // that took the callback in
	answering powerloss.Call // that began to write the answer
}

// exchanges finds the callbacks with the given order ids in a trace.
func exchanges(t *testing.T, calls []powerloss.Call, ids []string) []exchange {
	t.Helper()
	var all []exchange
	for _, id := range ids {
		e := exchange{id: id}
		for _, c := range calls {
			switch {
			case !strings.HasPrefix(c.Path, "TCP:"):
			case e.read.Ended == 0 && c.Name == "read" && strings.Contains(c.Text, fmt.Sprintf(`\"id\":\"%s\"`, id)):
				e.read = c
			case e.read.Ended > 0 && e.answering.Began == 0 && c.Path == e.read.Path && c.Name == "write" && c.Began > e.read.Ended:
				e.answering = c
			}
		}
		if e.read.Ended == 0 || !strings.Contains(e.answering.Text, "HTTP/1.1 200 OK") {
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
func unsynced(calls []powerloss.Call, e exchange, journal string) string {
	var written, synced powerloss.Call
	for _, c := range calls {
		if c.Path != journal || c.Began <= e.read.Ended {
			continue
		}
		switch {
		case written.Ended == 0 && c.Name == "pwrite64" && strings.Contains(c.Text, e.id):
			written = c
		case written.Ended > 0 && synced.Ended == 0 && c.IsSync(journal) && c.Began > written.Ended:
			synced = c
		}
	}
	switch {
	case written.Ended == 0 || written.Ended >= e.answering.Began:
		return "was answered before it was written to the journal"
	case synced.Ended == 0 || synced.Ended >= e.answering.Began:
		return "was answered before the journal was synced"
	}
	for _, c := range calls {
		if c.Path == journal && c.Name == "pwrite64" && c.Ended > synced.Began && c.Began < synced.Ended {
			return "was synced while the journal was being written"
		}
	}
	return ""
}

// writtenBetween reports whether a file was written after one call and before
// another.
func writtenBetween(calls []powerloss.Call, path string, after, before int) bool {
	for _, c := range calls {
		if c.Path == path && c.Name == "pwrite64" && c.Began > after && c.Began < before {
			return true
		}
	}
	return false
}

// unsyncedEntries returns the files and directories under a directory whose
// creation was not followed by a sync of the directory that has their entry,
// before a line of the trace.
func unsyncedEntries(calls []powerloss.Call, under string, before int) []string {
	var entries []string
	known := map[string]bool{}
	for _, c := range calls {
		created := strings.HasPrefix(c.Name, "mkdir") || strings.HasPrefix(c.Name, "open") && strings.Contains(c.Text, "O_CREAT")
		_, rest, _ := strings.Cut(c.Text, `"`)
		path, _, _ := strings.Cut(rest, `"`)
		if !created || !c.Succeeded() || !strings.HasPrefix(path, under) || known[path] {
			continue
		}
		known[path] = true
		durable := strings.HasSuffix(path, "-journal") || strings.HasSuffix(path, "-shm") // of no use after a loss of power
		for _, s := range calls {
			durable = durable || s.IsSync(filepath.Dir(path)) && s.Began > c.Ended && s.Ended < before
		}
		if !durable {
			entries = append(entries, path)
		}
	}
	return entries
}
