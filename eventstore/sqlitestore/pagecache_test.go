package sqlitestore_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
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
	directory := t.TempDir()
	for _, role := range []string{"pages-writing", "pages-reading"} {
		var most, asked int
		line := start(t, role, directory).expect(t, "pages")
		if _, err := fmt.Sscan(line, &most, &asked); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if most < 2*128 { // of two connections, at least
			t.Errorf("%s: %d pages were kept at most", role, most)
		}
		if asked > 0 {
			t.Errorf("%s: SQLite asked the allocator for %d bytes of pages", role, asked)
		}
	}
}

// keepPagesWriting makes a log that is larger than the caches of those who read,
// and reads it.
func keepPagesWriting(directory string) error {
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: directory})
	if err != nil {
		return err
	}
	for i := range 600 {
		stream := eventstore.StreamName(fmt.Sprintf("order-%d", i))
		if _, err := store.Append(ctx, stream, eventstore.NoStream, event(stream, 10_000)); err != nil {
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
	values := new([2]int32) // now and at most
	var pinner runtime.Pinner
	pinner.Pin(values)
	defer pinner.Unpin()
	if code := sqlite3.Xsqlite3_status(tls, status, uintptr(unsafe.Pointer(&values[0])), uintptr(unsafe.Pointer(&values[1])), 0); code != sqlite3.SQLITE_OK {
		return 0, fmt.Errorf("status %d: error %d", status, code)
	}
	return values[1], nil
}
