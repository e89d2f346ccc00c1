package sqlitestore

import (
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

const insertEvent = "INSERT OR FAIL INTO events (position, stream, stream_hash, revision, id, type, schema, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

// inserter inserts events on one connection. The texts of an event are put on
// SQLite's own stack for as long as the statement runs: the driver allocates
// memory for each, copies it byte by byte and frees it, which is three to five in a
// hundred of a callback when many come. Behind insert the statement still has
// their addresses, so nothing else may run it.
type inserter struct {
	native
	stmt   *sqlite.Stmt
	handle uintptr // of stmt
}

func newInserter(conn *sqlite.Conn) (i inserter, err error) {
	if i.native, err = nativeOf(conn); err != nil {
		return inserter{}, err
	}
	if i.stmt, err = conn.Prepare(insertEvent); err != nil {
		return inserter{}, err
	}
	i.handle, err = statement(i.stmt)
	return i, err
}

// insert inserts an event of the stream with a hash.
func (i *inserter) insert(e *eventstore.Recorded, streamHash int64) error {
	size := len(e.Stream) + len(e.ID) + len(e.Type) + len(e.Data) + len(e.Metadata)
	frame := i.tls.Alloc(size)
	defer i.tls.Free(size)
	b := binding{inserter: i, free: frame}
	i.stmt.BindInt64(1, int64(e.Position))
	b.text(2, string(e.Stream))
	i.stmt.BindInt64(3, streamHash)
	i.stmt.BindInt64(4, int64(e.Revision))
	b.blob(5, e.ID[:])
	b.text(6, e.Type)
	i.stmt.BindInt64(7, int64(e.Schema))
	i.stmt.BindInt64(8, e.RecordedAt.UnixMicro())
	b.blob(9, e.Data)
	b.blob(10, e.Metadata)
	if b.code != sqlite3.SQLITE_OK {
		return resultOf(b.code)
	}
	return step(i.stmt)
}

// binding binds what an event is made of, one behind the other.
type binding struct {
	*inserter
	free uintptr // memory that has room for all of it
	code int32   // of the first error
}

func (b *binding) text(parameter int32, value string) {
	copy(memory(b.free, len(value)), value)
	b.bind(sqlite3.Xsqlite3_bind_text, parameter, len(value))
}

func (b *binding) blob(parameter int32, value []byte) {
	copy(memory(b.free, len(value)), value)
	b.bind(sqlite3.Xsqlite3_bind_blob, parameter, len(value))
}

// bind tells SQLite that the memory stays as it is until the statement has run.
func (b *binding) bind(as func(tls *libc.TLS, stmt uintptr, parameter int32, value uintptr, length int32, destructor uintptr) int32, parameter int32, length int) {
	if b.code == sqlite3.SQLITE_OK {
		b.code = as(b.tls, b.handle, parameter, b.free, int32(length), sqlite3.SQLITE_STATIC)
		b.free += uintptr(length)
	}
}

// memory returns memory that is not Go's.
func memory(address uintptr, size int) []byte {
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&address))), size)
}
