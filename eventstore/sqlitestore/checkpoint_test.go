package sqlitestore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestBusyReadersDoNotPinTheWriteAheadLog scans the log without a pause on
// three connections while several lengths of the write-ahead log are written.
func TestBusyReadersDoNotPinTheWriteAheadLog(t *testing.T) {
	isLarge(t)
	directory := t.TempDir()
	store := open(t, directory)
	scanning, stop := context.WithCancel(t.Context())
	var scans sync.WaitGroup
	for range 3 {
		scans.Go(func() {
			for scanning.Err() == nil {
				for _, err := range store.ReadAll(scanning, 0) {
					if err != nil && scanning.Err() == nil {
						t.Error(err)
					}
				}
			}
		})
	}
	const size = 100_000
	for i := range 3 * sqlitestore.WALBound / size {
		stream := eventstore.StreamName(fmt.Sprintf("order-%d", i))
		if _, err := store.Append(t.Context(), stream, eventstore.NoStream, event(stream, size)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	scans.Wait()
	wal, err := os.Stat(filepath.Join(directory, "daybook.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if limit := int64(2 * sqlitestore.WALBound); wal.Size() > limit {
		t.Errorf("the write-ahead log has %d bytes, more than %d", wal.Size(), limit)
	}
}
