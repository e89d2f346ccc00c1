package sqlitestore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestABackupIsOneMomentOfTheLog takes backups beside a process that writes.
func TestABackupIsOneMomentOfTheLog(t *testing.T) {
	if testing.Short() {
		t.Skip("its writer is another process")
	}
	t.Cleanup(smallBlocks())
	directory := t.TempDir()
	writer := start(t, "write", directory)
	writer.expect(t, "opened")
	var mu sync.Mutex
	var stored []string
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		for word, stream := writer.next(t); word == "stored"; word, stream = writer.next(t) {
			mu.Lock()
			stored = append(stored, stream)
			mu.Unlock()
		}
	}()
	reader := openReader(t, directory)
	for i := range 5 {
		mu.Lock()
		before := stored
		mu.Unlock()
		copied := filepath.Join(t.TempDir(), "copy")
		position, err := reader.Backup(t.Context(), copied, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkBackup(t, copied, position, before)
		if i > 0 && len(before) == 0 {
			t.Error("nothing was written meanwhile")
		}
	}
	if err := writer.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-reading
	copied := filepath.Join(t.TempDir(), "copy")
	position, err := openReader(t, directory).Backup(t.Context(), copied, nil) // of a server that was killed
	if err != nil {
		t.Fatal(err)
	}
	checkBackup(t, copied, position, stored)
}

func checkBackup(t *testing.T, directory string, position eventstore.Position, stored []string) {
	t.Helper()
	files, err := os.ReadDir(directory)
	if err != nil || len(files) != 2 {
		t.Errorf("the backup has %v (%v), want the database and its checksum", files, err)
	}
	if checked, err := sqlitestore.CheckSums(directory); !checked || err != nil {
		t.Errorf("the checksum: %v, %v", checked, err)
	}
	reader := openReader(t, directory)
	contains(t, reader, stored)
	events := 0
	for _, err := range reader.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		events++
	}
	if eventstore.Position(events) != position {
		t.Errorf("the backup has %d events and says %s", events, position)
	}
	store := open(t, directory)
	if err := appendTo(store, "order-after"); err != nil {
		t.Error(err)
	}
	shut(t, store)
	if checked, err := sqlitestore.CheckSums(directory); checked || err != nil {
		t.Errorf("the checksum of a backup that a store has written to: %v, %v", checked, err)
	}
}

// TestABackupKeepsWhatTheJournalMayHaveLost takes one between a loss of power and
// the next start.
func TestABackupKeepsWhatTheJournalMayHaveLost(t *testing.T) {
	here, stored := killed(t, 5)
	there := withoutMark(t, here)
	edit(t, there, func(content []byte) []byte {
		content[bytes.Index(content, []byte("order-0.4"))+100] ^= 1
		return content
	})
	copied := filepath.Join(t.TempDir(), "copy")
	position, err := openReader(t, there).Backup(t.Context(), copied, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkBackup(t, copied, position, stored[:4])
	checkLosses(t, copied, 1)
}

func TestABackupTakesNothingsPlace(t *testing.T) {
	directory, stored := killed(t, 3)
	reader := openReader(t, directory)
	there := t.TempDir()
	if _, err := reader.Backup(t.Context(), there, nil); err == nil || !strings.Contains(err.Error(), "name a directory") {
		t.Errorf("a directory that is there: got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	copied := filepath.Join(t.TempDir(), "copy")
	if _, err := reader.Backup(ctx, copied, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got error %v", err)
	}
	if _, err := os.Stat(copied); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an interrupted backup is there: %v", err)
	}
	if err := os.MkdirAll(copied+".partial", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied+".partial", "daybook.db"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	position, err := reader.Backup(t.Context(), copied, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkBackup(t, copied, position, stored)
}

// TestABackupBesideTheJournalOfItsLogIsRefused restores it where events that are
// not in it are still in the journal.
func TestABackupBesideTheJournalOfItsLogIsRefused(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	copied := filepath.Join(t.TempDir(), "copy")
	if _, err := openReader(t, directory).Backup(t.Context(), copied, nil); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []eventstore.StreamName{"order-1", "order-2"} {
		if err := appendTo(store, stream); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, store)
	edit(t, directory, func(content []byte) []byte {
		content[4096+100] ^= 1 // the frame of order-1
		return content
	})
	copyJournal(t, directory, copied)
	_, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: copied})
	checkRefusal(t, "a backup beside a newer journal", err)
}
