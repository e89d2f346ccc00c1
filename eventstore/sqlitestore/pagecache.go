package sqlitestore

import (
	"fmt"
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// The pages that a connection keeps at most.
const (
	// filerCache holds what one filing changes. A larger one does not pay: after a
	// page split SQLite walks all of it at the next commit, to drop one temporary
	// page number.
	filerCache = 32 << 20 / pageSize

	otherCache = 1 << 20 / pageSize

	// storeCaches are those of a Store: of the filer, of those who read, and two for
	// checkpoints and for what the writer looks up.
	storeCaches = filerCache + (readConnections+2)*otherCache

	readerCaches = readConnections * otherCache
)

// cacheSize is the pragma for a connection that keeps so many pages.
func cacheSize(pages int) string { return fmt.Sprintf("PRAGMA cache_size = %d", pages) }

const (
	// slotBytes are a page and what SQLite keeps beside it.
	slotBytes = pageSize + 512

	// spareSlots are for the pages that a transaction has changed, which no
	// connection gives away, while the caches are full; maxFiledBytes are 256 and a
	// few of the index. When fewer than ten slots are free, SQLite takes pages from
	// connections that could keep them, and writes those of the transaction early.
	spareSlots = 384
)

// reservePages gives SQLite one piece of memory for the pages that all connections
// keep. By itself it asks an allocator for each, which maps pages of this size one
// by one; and since SQLite has one list of pages for all connections, those that
// come late find it full, and unmap each page that they have read: a fifth of
// what reading a log takes. The piece is given before the first file is opened, once in
// a process, so the first to call decides: no process reads a log before it opens one
// for writing, which would then have smaller caches.
func reservePages(pages int) { reserve.Do(func() { setPageCache(pages + spareSlots) }) }

var reserve sync.Once

func setPageCache(slots int) {
	tls := libc.NewTLS()
	defer tls.Close()
	memory := libc.Xmalloc(tls, libc.Tsize_t(slots*slotBytes))
	if memory == 0 {
		return
	}
	arguments := libc.NewVaList(memory, int32(slotBytes), int32(slots))
	defer libc.Xfree(tls, arguments)
	if sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_PAGECACHE, arguments) != sqlite3.SQLITE_OK {
		libc.Xfree(tls, memory) // a file was opened before
	}
}
