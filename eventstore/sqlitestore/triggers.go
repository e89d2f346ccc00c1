package sqlitestore

import (
	"reflect"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// switchOffTriggers leaves out the triggers of the file on one connection, that
// of the filer. They are there against programs that know nothing of the log; on
// the row of each event they cost a twentieth of all that a callback takes. The
// filer only inserts, and never OR REPLACE: the primary key refuses a position
// that is taken.
//
// It is a switch of SQLite's own that the driver does not hand through, hence the
// look at its fields. If a later driver has others, the triggers stay on: that is
// slower and just as right, and a test tells.
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
