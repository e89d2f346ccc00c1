package sqlitestore

import (
	"errors"
	"reflect"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// native is what SQLite itself knows a connection by, and so the way to what the
// driver does not hand through. The driver keeps it in fields of its own, which
// are found by name and type; if a later version has others, no log is opened for
// writing, and a test fails.
type native struct {
	tls  *libc.TLS
	conn uintptr
}

var errDriver = errors.New("the SQLite driver is not the one that this program was written for")

func nativeOf(conn *sqlite.Conn) (native, error) {
	tls, handle := field[*libc.TLS](conn, "tls"), field[uintptr](conn, "conn")
	if !tls.IsValid() || !handle.IsValid() {
		return native{}, errDriver
	}
	return native{(*libc.TLS)(tls.UnsafePointer()), uintptr(handle.Uint())}, nil
}

// statement returns what SQLite knows a statement by.
func statement(stmt *sqlite.Stmt) (uintptr, error) {
	handle := field[uintptr](stmt, "stmt")
	if !handle.IsValid() {
		return 0, errDriver
	}
	return uintptr(handle.Uint()), nil
}

// field returns a field of a struct, or the zero Value if it has none of that name
// and type.
func field[T any](of any, name string) reflect.Value {
	found := reflect.ValueOf(of).Elem().FieldByName(name)
	if found.IsValid() && found.Type() != reflect.TypeFor[T]() {
		return reflect.Value{}
	}
	return found
}

// switchOffTriggers leaves out the triggers of the file on one connection, that
// of the filer. They are there against programs that know nothing of the log; run
// for the row of each event, they cost three to five in a hundred of a callback
// when many come. What they refuse the filer cannot do: it inserts at the next
// position alone, see filer.insert, enters runs that are not there yet, and moves
// the end of the index by whole blocks.
func (n native) switchOffTriggers() error {
	const off, noAnswer = int32(0), uintptr(0)
	arguments := libc.NewVaList(off, noAnswer)
	defer libc.Xfree(n.tls, arguments)
	return resultOf(sqlite3.Xsqlite3_db_config(n.tls, n.conn, sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, arguments))
}

func resultOf(code int32) error { return sqlite.ResultCode(code).ToError() }
