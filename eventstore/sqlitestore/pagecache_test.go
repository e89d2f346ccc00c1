package sqlitestore_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// How much SQLite keeps counts for a whole process, so these are processes of
// their own.
func TestPagesAreKeptInTheMemoryThatIsReserved(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the store in other processes")
	}
	directory := t.TempDir()
	for _, process := range []struct {
		role   string
		caches int
	}{
		{"pages-writing", sqlitestore.StoreCaches},
		{"pages-reading", sqlitestore.ReaderCaches},
	} {
		var most, asked int
		line := start(t, process.role, directory).expect(t, "pages")
		if _, err := fmt.Sscan(line, &most, &asked); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if most < process.caches*3/4 {
			t.Errorf("%s: %d pages were kept at most, of %d that may be: the caches were not filled", process.role, most, process.caches)
		}
		if free := process.caches + sqlitestore.SpareSlots - most; free < 1 {
			t.Errorf("%s: %d pages were free: connections took them from each other", process.role, free)
		}
		if asked > 0 {
			t.Errorf("%s: SQLite asked the allocator for %d bytes of pages", process.role, asked)
		}
	}
}

// keepPagesWriting makes a log that is larger than all caches together, and reads
// it.
func keepPagesWriting(directory string) error {
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: directory})
	if err != nil {
		return err
	}
	for i := range 300 {
		stream := eventstore.StreamName(fmt.Sprintf("order-%d", i))
		events := make([]eventstore.Event, 10)
		for n := range events {
			events[n] = event(stream, 10_000)
			events[n].ID = eventstore.DeriveID(stream, "cause", eventstore.Revision(n))
		}
		if _, err := store.Append(ctx, stream, eventstore.NoStream, events...); err != nil {
			return err
		}
	}
	return keepPages(ctx, store)
}

func keepPagesReading(directory string) error {
	ctx := context.Background()
	reader, err := sqlitestore.OpenReadOnly(ctx, directory)
	if err != nil {
		return err
	}
	return keepPages(ctx, reader)
}

// keepPages reads a log through every connection, and closes it.
func keepPages(ctx context.Context, log interface {
	eventstore.Reader
	io.Closer
}) error {
	for range 4 {
		for _, err := range log.ReadAll(ctx, 0) {
			if err != nil {
				return err
			}
		}
	}
	if err := log.Close(); err != nil {
		return err
	}
	return tellPages()
}

// tellPages prints how many pages SQLite kept at most in the memory reserved, and
// how many bytes of pages elsewhere.
func tellPages() error {
	inside, err := mostOf(sqlite3.SQLITE_STATUS_PAGECACHE_USED)
	if err != nil {
		return err
	}
	elsewhere, err := mostOf(sqlite3.SQLITE_STATUS_PAGECACHE_OVERFLOW)
	fmt.Println("pages", inside, elsewhere)
	return err
}

// mostOf returns the most that a status of SQLite has been.
func mostOf(status int32) (highest int32, err error) {
	tls := libc.NewTLS()
	defer tls.Close()
	const size = int(unsafe.Sizeof(highest))
	values := tls.Alloc(2 * size) // now, and at most
	defer tls.Free(2 * size)
	if code := sqlite3.Xsqlite3_status(tls, status, values, values+uintptr(size), 0); code != sqlite3.SQLITE_OK {
		return 0, fmt.Errorf("status %d: error %d", status, code)
	}
	values += uintptr(size)
	return **(**int32)(unsafe.Pointer(&values)), nil
}
