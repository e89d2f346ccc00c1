package sqlitestore

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
)

// TestAnErrorBeforeTheCommitUndoesTheWholeTransaction runs transactions of a
// writer by hand on a file that may not grow, which SQLite reports as a full
// disk at the INSERT.
func TestAnErrorBeforeTheCommitUndoesTheWholeTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), fileName)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	w, err := prepareWriter(t.Context(), conn, path, Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	w.reason = errClosed
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	before := w.end
	limit := func(pages int64) {
		if err := sqlitex.ExecuteTransient(conn, fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil); err != nil {
			t.Fatal(err)
		}
	}
	small, large, conflict := newRequest("order-small", 10), newRequest("order-large", 100_000), newRequest(eventstore.LogStream, 10)

	limit(20)
	w.batch = []*request{small, conflict, large}
	_, err = w.transact()
	if !errors.Is(err, eventstore.ErrUnavailable) || !isFull(err) || strings.Contains(err.Error(), "commit") {
		t.Errorf("got error %v", err)
	}
	found, err := readEnd(w.statements.end)
	if err != nil || found != before || w.end != before {
		t.Errorf("the log ends at %v, for the writer at %v, want %v (%v)", found, w.end, before, err)
	}

	limit(1 << 20)
	events, err := w.transact()
	if err != nil || events != 2 {
		t.Errorf("without the limit it wrote %d events and returned %v", events, err)
	}
	if w.outcomes[0].err != nil || !errors.Is(w.outcomes[1].err, eventstore.ErrConflict) || w.outcomes[2].err != nil {
		t.Errorf("the outcomes are %v", w.outcomes)
	}
	if w.reason != errClosed {
		t.Errorf("the store has failed: %v", w.reason)
	}
}

func newRequest(stream eventstore.StreamName, size int) *request {
	return &request{stream: stream, events: []eventstore.Event{{
		ID:       eventstore.DeriveID(stream, []byte("cause"), 0),
		Type:     "ThingHappened",
		Schema:   1,
		Data:     fmt.Appendf(nil, `{"text":"%s"}`, strings.Repeat("x", size)),
		Metadata: []byte("{}"),
	}}}
}
