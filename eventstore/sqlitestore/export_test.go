package sqlitestore

// Waiting returns the number of requests that the writer has not taken.
func Waiting(s *Store) int { return len(s.writer.queue) }

// WALBound is the length in bytes that the write-ahead log keeps to, but for
// the last transaction before it begins anew.
const WALBound = 2 * checkpointPages * (pageSize + 24)

// TailEvents is how many events are kept in memory at most.
const TailEvents = tailEvents
