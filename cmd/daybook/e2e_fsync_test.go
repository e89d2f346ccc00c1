package main_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"daybook/cmd/internal/powerloss"
	"daybook/projections/local"
)

// unsafeProgram is built with the setting that leaves the sync out.
var unsafeProgram = sync.OnceValues(func() (string, error) {
	return build(filepath.Join(buildDirectory, "daybook-unsafe"), "-ldflags", "-X daybook/eventstore/sqlitestore.synchronous=OFF")
})

// unsafeDaybook returns the path of the unsafe program.
func unsafeDaybook(t *testing.T) string {
	t.Helper()
	path, err := unsafeProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNoCallbackIsAnsweredBeforeItIsSynced proves by the system calls that an
// answer 200 means a synced write, for callbacks one after the other.
func TestNoCallbackIsAnsweredBeforeItIsSynced(t *testing.T) {
	embedded(t)
	t.Parallel()
	tr := traceCallbacks(t, "", 1)
	for _, e := range tr.exchanges {
		if fault := unsynced(tr.calls, e, tr.journal); fault != "" {
			t.Errorf("order %s %s", e.id, fault)
		}
	}
	// Alone, a callback's commit is over when its answer begins.
	for i, e := range tr.exchanges {
		synced := 0
		for _, c := range tr.calls {
			if c.IsSync(tr.journal) && c.Began > e.read.Ended && c.Ended < e.answering.Began {
				synced = c.Ended
			}
		}
		if synced == 0 || writtenBetween(tr.calls, tr.journal, synced, e.answering.Began) {
			t.Errorf("order %d: the journal is written after its last sync and before the answer", i)
		}
	}
}

// TestNoCallbackOfManyIsAnsweredBeforeItIsSynced proves the same for those that
// share a commit.
func TestNoCallbackOfManyIsAnsweredBeforeItIsSynced(t *testing.T) {
	embedded(t)
	t.Parallel()
	tr := traceCallbacks(t, "", clients)
	syncs := 0
	for _, c := range tr.calls {
		if c.IsSync(tr.journal) {
			syncs++
		}
	}
	for _, e := range tr.exchanges {
		if fault := unsynced(tr.calls, e, tr.journal); fault != "" {
			t.Errorf("order %s %s", e.id, fault)
		}
	}
	t.Logf("%d callbacks were answered after %d syncs", len(tr.exchanges), syncs)
}

// TestProofOfSyncFailsWithoutSync shows that the proof above proves something.
func TestProofOfSyncFailsWithoutSync(t *testing.T) {
	embedded(t)
	t.Parallel()
	program := unsafeDaybook(t)
	for _, at := range []int{1, clients} {
		tr := traceCallbacks(t, program, at)
		for _, e := range tr.exchanges {
			if fault := unsynced(tr.calls, e, tr.journal); fault != "was answered before the journal was synced" {
				t.Errorf("without a sync, the check of order %s finds: %q", e.id, fault)
			}
		}
	}
}

// TestEntriesOfNewFilesAreSynced proves that the files themselves survive: the
// directories that have their entries are synced before the first answer, of a
// new log and after a restart.
func TestEntriesOfNewFilesAreSynced(t *testing.T) {
	embedded(t)
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new", "data")
	for _, id := range []string{"FIRST", "SECOND"} {
		file := filepath.Join(t.TempDir(), "trace")
		s := start(t, options{data: data, within: powerloss.Command(strace(t), file)})
		s.record(completedOrder(id, "ann", 1))
		if code := s.terminate(); code != 0 {
			t.Fatalf("the exit code is %d:\n%s", code, s.stderr)
		}
		calls := readTrace(t, file)
		answered := exchanges(t, calls, []string{id})[0].answering.Began
		for _, path := range unsyncedEntries(calls, filepath.Dir(data), answered) {
			if !strings.HasPrefix(filepath.Base(path), local.FileName) { // which is folded again
				t.Errorf("the entry of %s was not synced before the first answer", path)
			}
		}
	}
}

// trace is what a server did while it was sent callbacks.
type trace struct {
	calls     []powerloss.Call
	exchanges []exchange
	journal   string // path of the journal
}

// traceCallbacks posts callbacks to a traced server from a number of clients.
func traceCallbacks(t *testing.T, program string, clients int) trace {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trace")
	s := start(t, options{program: program, within: powerloss.Command(strace(t), file)})
	var ids, bodies []string
	for i := range 40 {
		ids = append(ids, fmt.Sprintf("SYNC%02d", i))
		bodies = append(bodies, completedOrder(ids[i], "ann", 1+i))
	}
	s.postEach(clients, bodies)
	if code := s.terminate(); code != 0 {
		t.Fatalf("the exit code is %d:\n%s", code, s.stderr)
	}
	calls := readTrace(t, file)
	return trace{calls: calls, exchanges: exchanges(t, calls, ids), journal: filepath.Join(s.data, "daybook.journal")}
}
