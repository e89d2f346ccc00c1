package sqlitestore

import (
	"reflect"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// switchOffTriggers leaves out the triggers of the file on one connection, that
// of the filer. They are there against programs that know nothing of the log; run
// for the row of each event, they cost three to five in a hundred of a callback
// when many come. What they refuse the filer cannot do: it inserts at the next
// position alone, see filer.insert, enters runs that are not there yet, and moves
// the end of the index by whole blocks.
//
// The switch is SQLite's own. The driver does not hand it through, hence the look
// at its fields. If they have other names or types in a later version, the
// triggers stay on: slower, and as right. A test tells, and a new version of the
// driver is to be read for what these two fields mean.
func switchOffTriggers(conn *sqlite.Conn) {
	fields := reflect.ValueOf(conn).Elem()
	thread, handle := fields.FieldByName("tls"), fields.FieldByName("conn")
	if !thread.IsValid() || thread.Type() != reflect.TypeFor[*libc.TLS]() || !handle.IsValid() || handle.Kind() != reflect.Uintptr {
		return
	}
	const off, noAnswer = int32(0), uintptr(0)
	arguments := libc.NewVaList(off, noAnswer)
	defer libc.Xfree(nil, arguments)
	tls := (*libc.TLS)(thread.UnsafePointer())
	sqlite3.Xsqlite3_db_config(tls, uintptr(handle.Uint()), sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, arguments)
}
