package sqlitestore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

const journalName = "daybook.journal"

// killed returns the directory of a process that was killed after it had
// acknowledged some appends, and their streams.
func killed(t *testing.T, appends int) (directory string, stored []string) {
	t.Helper()
	directory = t.TempDir()
	writer := start(t, "step", directory)
	writer.expect(t, "opened")
	for range appends {
		writer.step(t)
		stored = append(stored, writer.expect(t, "stored"))
	}
	if err := writer.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	writer.Wait()
	return directory, stored
}

// elsewhere copies a log to where its mark means nothing.
func elsewhere(t *testing.T, directory string, names ...string) string {
	t.Helper()
	copied := t.TempDir()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(directory, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

func withoutMark(t *testing.T, directory string) string {
	return elsewhere(t, directory, "daybook.db", "daybook.db-wal", journalName)
}

// accepted is how a person goes on without what is missing.
var accepted = eventstore.Acceptance{Actor: "operator:alice", Reason: "the disk was replaced", Now: time.Unix(1, 0)}

// edit changes the journal of a log.
func edit(t *testing.T, directory string, change func(content []byte) []byte) {
	t.Helper()
	path := filepath.Join(directory, journalName)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestALogThatIsNotWholeIsRefused takes something from the journal of a process
// that was killed, on the machine where it ran and on another.
func TestALogThatIsNotWholeIsRefused(t *testing.T) {
	other, _ := killed(t, 3)
	for name, damage := range map[string]func(t *testing.T, directory string){
		"removed": func(t *testing.T, directory string) {
			if err := os.Remove(filepath.Join(directory, journalName)); err != nil {
				t.Fatal(err)
			}
		},
		"emptied": func(t *testing.T, directory string) {
			edit(t, directory, func([]byte) []byte { return nil })
		},
		"zeroes": func(t *testing.T, directory string) {
			edit(t, directory, func(content []byte) []byte { return make([]byte, len(content)) })
		},
		"cut to one block": func(t *testing.T, directory string) {
			edit(t, directory, func(content []byte) []byte { return content[:4096] })
		},
		"cut to four": func(t *testing.T, directory string) {
			edit(t, directory, func(content []byte) []byte { return content[:4*4096] })
		},
		"of another log": func(t *testing.T, directory string) {
			edit(t, directory, func([]byte) []byte {
				content, err := os.ReadFile(filepath.Join(other, journalName))
				if err != nil {
					t.Fatal(err)
				}
				return content
			})
		},
		"damaged in the middle": func(t *testing.T, directory string) {
			edit(t, directory, func(content []byte) []byte {
				content[bytes.Index(content, []byte("order-0.3"))+100] ^= 1
				return content
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			here, stored := killed(t, 9)
			there := withoutMark(t, here)
			for _, directory := range []string{here, there} {
				damage(t, directory)
				_, err := sqlitestore.OpenReadOnly(t.Context(), directory)
				checkRefusal(t, "reading", err)
				_, err = sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
				checkRefusal(t, "writing", err)
			}
			if name == "of another log" {
				stored = nil
			}
			checkAccepted(t, there, stored)
		})
	}
}

func checkRefusal(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, eventstore.ErrDamaged) {
		t.Fatalf("%s: got error %v", what, err)
	}
	for _, text := range []string{journalName, "accept-loss", "position"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %q does not say %s", what, err, text)
		}
	}
}

// checkAccepted checks that a person can go on, that the log says so, and that
// what could be read of the journal is there.
func checkAccepted(t *testing.T, directory string, stored []string) {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory, Accept: &accepted})
	if err != nil {
		t.Fatal(err)
	}
	if len(store.Found()) != 1 {
		t.Errorf("found %v", store.Found())
	}
	var types []string
	for e, err := range store.Read(t.Context(), eventstore.LogStream, 1, eventstore.WithMetadata) {
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, e.Type)
		if e.Type == eventstore.LossAcceptedType && !strings.Contains(string(e.Metadata), accepted.Actor) {
			t.Errorf("the acceptance has no actor: %s", e.Metadata)
		}
	}
	if strings.Join(types, " ") != "LossFound LossAccepted" {
		t.Errorf("the log says %v", types)
	}
	if err := appendTo(store, "order-after"); err != nil {
		t.Error(err)
	}
	shut(t, store)
	checkLosses(t, directory, 0)
	contains(t, openReader(t, directory), append(recoverable(t, directory, stored), "order-after"))
}

// recoverable returns the streams whose events the journal that was set aside has
// in front of the first damage.
func recoverable(t *testing.T, directory string, stored []string) []string {
	t.Helper()
	aside, err := filepath.Glob(filepath.Join(directory, journalName+"-set-aside-*"))
	if err != nil || len(aside) == 0 {
		return nil // it was missing
	}
	content, err := os.ReadFile(aside[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, stream := range stored {
		if at := bytes.Index(content, []byte(stream)); at < 0 || content[at+100] != 'x' {
			return stored[:i]
		}
	}
	return stored
}

func checkLosses(t *testing.T, directory string, want int) {
	t.Helper()
	losses, err := openReader(t, directory).Losses(t.Context())
	if err != nil || len(losses) != want {
		t.Errorf("the losses are %v (%v), want %d", losses, err, want)
	}
}

// TestATornLastFrameIsReportedElsewhere flips a byte of the last frame: where it
// was written the mark knows that it was acknowledged.
func TestATornLastFrameIsReportedElsewhere(t *testing.T) {
	here, stored := killed(t, 5)
	there := withoutMark(t, here)
	for _, directory := range []string{here, there} {
		edit(t, directory, func(content []byte) []byte {
			content[bytes.Index(content, []byte("order-0.4"))+100] ^= 1
			return content
		})
	}
	_, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: here})
	checkRefusal(t, "where it was written", err)

	checkLosses(t, there, 1)
	for range 2 {
		store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: there})
		if err != nil {
			t.Fatal(err)
		}
		contains(t, store, stored[:4])
		losses, err := eventstore.OpenLosses(t.Context(), store)
		if err != nil || len(losses) != 1 || losses[0].String() != "position 6" {
			t.Errorf("the losses are %v (%v)", losses, err)
		}
		shut(t, store)
		checkLosses(t, there, 1)
	}
	store := open(t, there)
	if losses, _, err := eventstore.AcceptLosses(t.Context(), store, accepted); err != nil || len(losses) != 1 {
		t.Errorf("accepted %v (%v)", losses, err)
	}
	if _, _, err := eventstore.AcceptLosses(t.Context(), store, accepted); !errors.Is(err, eventstore.ErrNoLoss) {
		t.Errorf("accepted again: got error %v", err)
	}
	shut(t, store)
	checkLosses(t, there, 0)
}

// TestAMissingWriteAheadLogIsNamed copies the database and the journal of a store
// whose events are in neither: the journal's room was used again, and a reader kept
// SQLite from copying the write-ahead log into the database.
func TestAMissingWriteAheadLogIsNamed(t *testing.T) {
	here := t.TempDir()
	writer := start(t, "step", here)
	writer.expect(t, "opened")
	reader := start(t, "page", here)
	reader.expect(t, "reading")
	for appends := 0; appends == 0 || inJournal(t, here, "order-0.0"); appends += 500 {
		if appends == 50_000 {
			t.Fatal("the journal still has the first event")
		}
		for range 500 {
			writer.step(t)
			writer.expect(t, "stored")
		}
	}
	for _, child := range []*child{writer, reader} {
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		child.Wait()
	}
	there := elsewhere(t, here, "daybook.db", journalName)
	_, err := sqlitestore.OpenReadOnly(t.Context(), there)
	if !errors.Is(err, eventstore.ErrDamaged) || !strings.Contains(err.Error(), "daybook.db-wal is missing or older") {
		t.Errorf("got error %v", err)
	}
}

func inJournal(t *testing.T, directory, text string) bool {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(directory, journalName))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(content, []byte(text))
}

// TestAFrameThatNobodyWasToldOfLeavesNoTrace cuts the mark back to the frame
// before: the last one was not published.
func TestAFrameThatNobodyWasToldOfLeavesNoTrace(t *testing.T) {
	directory, stored := killed(t, 5)
	path := filepath.Join(directory, journalName+"-mark")
	mark, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mark[0]--
	mark[8]++
	if err := os.WriteFile(path, mark, 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, directory, func(content []byte) []byte {
		content[bytes.Index(content, []byte("order-0.4"))+100] ^= 1
		return content
	})
	store := open(t, directory)
	contains(t, store, stored[:4])
	if len(store.Found()) != 0 {
		t.Errorf("found %v", store.Found())
	}
	shut(t, store)
	checkLosses(t, directory, 0)
}
