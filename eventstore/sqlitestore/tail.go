package sqlitestore

import "daybook/eventstore"

// Tail returns the position of the last event of the log, which is also how
// many there are, and how many of them are durable in the journal and not yet
// in the table.
func (s *Store) Tail() (last eventstore.Position, unfiled int) {
	r := s.writer.recent
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.end() - 1, int(r.end() - r.unfiled)
}
