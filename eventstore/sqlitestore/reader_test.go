package sqlitestore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

func openReader(tb testing.TB, directory string) *sqlitestore.Reader {
	tb.Helper()
	reader, err := sqlitestore.OpenReadOnly(tb.Context(), directory)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := reader.Close(); err != nil {
			tb.Error(err)
		}
	})
	return reader
}

func TestALogIsReadBesideTheProcessThatWritesIt(t *testing.T) {
	directory := t.TempDir()
	writer := start(t, "step", directory)
	writer.expect(t, "opened")
	reader := openReader(t, directory)
	stored := []eventstore.StreamName{eventstore.LogStream}
	for range 3 {
		writer.step(t)
		stored = append(stored, eventstore.StreamName(writer.expect(t, "stored")))
		if err := sameStreams(reader, stored); err != nil {
			t.Error(err)
		}
	}
}

func TestALogIsReadWithoutAProcessThatWritesIt(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	if err := appendTo(store, "order-1"); err != nil {
		t.Fatal(err)
	}
	id, err := eventstore.LogID(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, store)
	reader := openReader(t, directory)
	if err := sameStreams(reader, []eventstore.StreamName{eventstore.LogStream, "order-1"}); err != nil {
		t.Error(err)
	}
	if found, err := eventstore.LogID(t.Context(), reader); err != nil || found != id {
		t.Errorf("the log's id is %s for the writer, %s for the reader (%v)", id, found, err)
	}
	store = open(t, directory) // a reader does not keep a writer out
	if err := appendTo(store, "order-2"); err != nil {
		t.Error(err)
	}
	if err := sameStreams(reader, []eventstore.StreamName{eventstore.LogStream, "order-1", "order-2"}); err != nil {
		t.Error(err)
	}
}

func TestAStreamWithoutANameIsNotTheWholeLog(t *testing.T) {
	for event, err := range open(t, t.TempDir()).Read(t.Context(), "", 0) {
		t.Errorf("got %v, %v", event, err)
	}
}

func TestAMissingLogIsNamed(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "missing")
	_, err := sqlitestore.OpenReadOnly(t.Context(), directory)
	if err == nil || !strings.Contains(err.Error(), directory) {
		t.Errorf("got error %v", err)
	}
	if _, err := os.Stat(directory); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading has created %s", directory)
	}
}

func TestAClosedReaderEndsSequences(t *testing.T) {
	directory := t.TempDir()
	shut(t, open(t, directory))
	reader := openReader(t, directory)
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range reader.ReadAll(t.Context(), 0) {
		if !errors.Is(err, eventstore.ErrUnavailable) {
			t.Errorf("got error %v", err)
		}
	}
}

// TestAPausingReaderDoesNotPinTheWriteAheadLog writes several lengths of the
// write-ahead log while readers stand still in the middle of what is filed.
func TestAPausingReaderDoesNotPinTheWriteAheadLog(t *testing.T) {
	isLarge(t)
	directory := t.TempDir()
	store := open(t, directory)
	other := openReader(t, directory)
	const size = 800_000
	write := func(from, to int) {
		for i := from; i < to; i++ {
			stream := eventstore.StreamName(fmt.Sprintf("order-%d", i))
			if _, err := store.Append(t.Context(), stream, eventstore.NoStream, event(stream, size)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const first, all = 40, 40 + 3*sqlitestore.WALBound/size
	write(0, first)
	seen := 0
	for _, err := range store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen != 2 {
			continue
		}
		inner := 0
		for _, err := range other.ReadAll(t.Context(), 1) {
			if err != nil {
				t.Fatal(err)
			}
			if inner++; inner == 2 {
				write(first, all)
			}
		}
		if inner < first || inner > all {
			t.Errorf("the other reader saw %d events, want %d to %d", inner, first, all)
		}
	}
	if seen < first || seen > all {
		t.Errorf("the reader saw %d events, want %d to %d", seen, first, all)
	}
	wal, err := os.Stat(filepath.Join(directory, "daybook.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if limit := int64(sqlitestore.WALBound); wal.Size() > limit {
		t.Errorf("the write-ahead log has %d bytes, more than %d", wal.Size(), limit)
	}
}
