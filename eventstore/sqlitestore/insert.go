package sqlitestore

import (
	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

const insertEvent = "INSERT OR FAIL INTO events (position, stream, stream_hash, revision, id, type, schema, recorded_at, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

// insert runs insertEvent for an event whose stream has the hash.
func insert(stmt *sqlite.Stmt, e *eventstore.Recorded, streamHash int64) error {
	stmt.BindInt64(1, int64(e.Position))
	stmt.BindText(2, string(e.Stream))
	stmt.BindInt64(3, streamHash)
	stmt.BindInt64(4, int64(e.Revision))
	stmt.BindBytes(5, e.ID[:])
	stmt.BindText(6, e.Type)
	stmt.BindInt64(7, int64(e.Schema))
	stmt.BindInt64(8, e.RecordedAt.UnixMicro())
	stmt.BindBytes(9, e.Data)
	stmt.BindBytes(10, e.Metadata)
	return step(stmt)
}
