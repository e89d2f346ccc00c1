package sqlitestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestFilesThatAreTakenAwayEndTheStore also puts another log in their place, which
// must not be touched.
func TestFilesThatAreTakenAwayEndTheStore(t *testing.T) {
	other := t.TempDir()
	shut(t, open(t, other))
	for name, take := range map[string]func(directory string) error{
		"the directory is deleted": os.RemoveAll,
		"the journal is deleted":   func(directory string) error { return os.Remove(filepath.Join(directory, journalName)) },
		"the database is renamed": func(directory string) error {
			return os.Rename(filepath.Join(directory, "daybook.db"), directory+".db")
		},
		"the write-ahead log is gone": func(directory string) error { return os.Remove(filepath.Join(directory, "daybook.db-wal")) },
		"another log is in its place": func(directory string) error {
			return errors.Join(os.Rename(directory, directory+".old"), os.CopyFS(directory, os.DirFS(other)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := filepath.Join(t.TempDir(), "data")
			store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
			if err != nil {
				t.Fatal(err)
			}
			if err := appendTo(store, "order-1"); err != nil {
				t.Fatal(err)
			}
			if err := take(directory); err != nil {
				t.Fatal(err)
			}
			select {
			case <-store.Failed():
			case <-time.After(patience):
				t.Fatal("the store has noticed nothing")
			}
			if text := store.Err().Error(); !strings.Contains(text, "taken away") || !strings.Contains(text, "put the directory back") {
				t.Errorf("the error is %q", text)
			}
			if err := store.Ready(t.Context()); !errors.Is(err, eventstore.ErrUnavailable) {
				t.Errorf("ready: got error %v", err)
			}
			if err := appendTo(store, "order-2"); !errors.Is(err, eventstore.ErrUnavailable) {
				t.Errorf("append: got error %v", err)
			}
			_ = store.Close() // of files that are not there
			if name == "another log is in its place" {
				if err := sameStreams(openReader(t, directory), []eventstore.StreamName{eventstore.LogStream}); err != nil {
					t.Error(err)
				}
				if err := sameStreams(openReader(t, directory+".old"), []eventstore.StreamName{eventstore.LogStream, "order-1"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestAReaderThatIsStoppedDoesNotKeepTheStoreFromStarting stops a process in the
// middle of a page, kills the writer, and starts again.
func TestAReaderThatIsStoppedDoesNotKeepTheStoreFromStarting(t *testing.T) {
	directory, stored := killed(t, 1)
	shut(t, open(t, directory)) // files them
	writer := start(t, "step", directory)
	writer.expect(t, "opened")
	writer.step(t)
	stored = append(stored, writer.expect(t, "stored"))
	reader := start(t, "page", directory)
	reader.expect(t, "reading")
	if err := reader.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		writer.step(t)
		stored = append(stored, writer.expect(t, "stored"))
	}
	if err := writer.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	writer.Wait()
	for range 2 {
		begun := time.Now()
		store := open(t, directory)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("it took %s to open the log", took)
		}
		contains(t, store, stored)
		if err := appendTo(store, eventstore.StreamName("order-"+time.Now().Format("150405.000000000"))); err != nil {
			t.Error(err)
		}
		shut(t, store)
	}
}
