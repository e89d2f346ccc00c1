package sqlitestore_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestAfterACleanStopTheDatabaseIsTheLog starts with the database alone, and
// beside journals that have nothing to do with it.
func TestAfterACleanStopTheDatabaseIsTheLog(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	if err := appendTo(store, "order-1"); err != nil {
		t.Fatal(err)
	}
	shut(t, store)
	other, _ := killed(t, 3)
	for name, put := range map[string]func(t *testing.T, directory string){
		"no journal":                 func(t *testing.T, directory string) {},
		"an empty one":               func(t *testing.T, directory string) { writeJournal(t, directory, nil) },
		"one of another log":         func(t *testing.T, directory string) { copyJournal(t, other, directory) },
		"one that is something else": func(t *testing.T, directory string) { writeJournal(t, directory, []byte("else")) },
	} {
		t.Run(name, func(t *testing.T) {
			alone := elsewhere(t, directory, "daybook.db")
			put(t, alone)
			want := []eventstore.StreamName{eventstore.LogStream, "order-1"}
			if err := sameStreams(openReader(t, alone), want); err != nil {
				t.Error(err)
			}
			store := open(t, alone)
			if err := appendTo(store, "order-2"); err != nil {
				t.Error(err)
			}
			if err := sameStreams(openReader(t, alone), append(want, "order-2")); err != nil {
				t.Error(err)
			}
			shut(t, store)
		})
	}
}

func copyJournal(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(from, journalName))
	if err != nil {
		t.Fatal(err)
	}
	writeJournal(t, to, content)
}

func writeJournal(t *testing.T, directory string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(directory, journalName), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAnOlderDatabaseBesideANewerJournalIsRefused is a database that was restored
// alone: the journal has events that it does not continue.
func TestAnOlderDatabaseBesideANewerJournalIsRefused(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	shut(t, store)
	old := elsewhere(t, directory, "daybook.db")
	for range 3 { // each time all is filed
		store := open(t, directory)
		for range 3 {
			if err := appendTo(store, eventstore.StreamName("order-"+time.Now().Format("150405.000000000"))); err != nil {
				t.Fatal(err)
			}
		}
		shut(t, store)
	}
	edit(t, directory, func(content []byte) []byte {
		content[4096+100] ^= 1 // the first frame: it has been overwritten since
		return content
	})
	copyJournal(t, directory, old)
	_, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: old})
	checkRefusal(t, "writing", err)
}

// TestAnOlderJournalIsRefused puts a journal back that is older than the database.
func TestAnOlderJournalIsRefused(t *testing.T) {
	directory := t.TempDir()
	writer := start(t, "step", directory)
	writer.expect(t, "opened")
	writer.step(t)
	writer.expect(t, "stored")
	old := elsewhere(t, directory, journalName)
	for range 3 {
		writer.step(t)
		writer.expect(t, "stored")
	}
	if err := writer.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	writer.Wait()
	shut(t, open(t, directory)) // files everything
	again := start(t, "step", directory)
	again.expect(t, "opened")
	if err := again.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	again.Wait()
	there := withoutMark(t, directory)
	copyJournal(t, old, there)
	_, err := sqlitestore.OpenReadOnly(t.Context(), there)
	checkRefusal(t, "reading", err)
}
