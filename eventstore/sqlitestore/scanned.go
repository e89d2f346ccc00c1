package sqlitestore

import (
	"sync"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

// scanned is what a reader beside a server knows of the end of the file that the
// index does not have. It is read from the file when a stream is first asked
// for, and goes on from there; when the server has entered a block it begins
// anew, which bounds it.
type scanned struct {
	mu        sync.Mutex
	indexed   eventstore.Position
	unindexed *unindexed
}

// runs returns the runs of a hash that are not in the index, or were not a moment
// ago.
func (s *scanned) runs(conn *sqlite.Conn, hash int64, from eventstore.Revision) ([]run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	indexed, err := readIndexed(conn)
	if err != nil {
		return nil, err
	}
	if s.unindexed == nil || s.indexed != indexed {
		s.indexed, s.unindexed = indexed, newUnindexed(indexed)
	}
	if err := s.unindexed.scan(conn); err != nil {
		return nil, err
	}
	return s.unindexed.runs(hash, from), nil
}
