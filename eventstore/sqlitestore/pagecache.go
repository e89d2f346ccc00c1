package sqlitestore

import (
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

	otherCache = 2 << 20 / pageSize
)

// slotBytes are a page and what SQLite keeps beside it.
const slotBytes = pageSize + 512

// reservePages gives SQLite one piece of memory for the pages that all connections
// keep. By itself it asks an allocator for each, which maps pages of this size one
// by one; and since SQLite has one list of pages for all connections, those that
// come late find it full, and unmap each page that they have read: a fifth of
// what reading a log takes. The piece is given before the first file is opened, once in
// a process; when all of it is in use, SQLite asks the allocator as before.
func reservePages(pages int) { reserve.Do(func() { setPageCache(pages) }) }

var reserve sync.Once

func setPageCache(pages int) {
	tls := libc.NewTLS()
	defer tls.Close()
	memory := libc.Xmalloc(tls, libc.Tsize_t(pages*slotBytes))
	if memory == 0 {
		return
	}
	arguments := libc.NewVaList(memory, int32(slotBytes), int32(pages))
	defer libc.Xfree(tls, arguments)
	if sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_PAGECACHE, arguments) != sqlite3.SQLITE_OK {
		libc.Xfree(tls, memory) // a file was opened before
	}
}
