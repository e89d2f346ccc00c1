package sqlitestore

import (
	"path/filepath"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// Trials returns how many frames without events the journal has.
func Trials(directory string) (int, error) {
	contents, err := journal.ReadFile(filepath.Join(directory, journalFileName), 0)
	trials := 0
	for _, frame := range contents.Frames {
		if frame.Count == 0 {
			trials++
		}
	}
	return trials, err
}

// Waiting returns the number of requests that the writer has not taken.
func Waiting(s *Store) int { return len(s.writer.queue) }

// WALBound is the length in bytes that the write-ahead log keeps to: what starts
// a checkpoint, as much again while it is under way, and a transaction.
const WALBound = 2*checkpointBytes + checkpointBytes/64 + 2*maxFiledBytes

// TailEvents is how many events are kept in memory at most.
const TailEvents = 2 * keptEvents

// SetBlocks makes the blocks of the index so small that a test fills some, and
// undoes it.
func SetBlocks(events eventstore.Position, entered int) (undo func()) {
	previousEvents, previousEntered := blockEvents, minEntered
	blockEvents, minEntered = events, entered
	return func() { blockEvents, minEntered = previousEvents, previousEntered }
}

// FormatVersion is the version of the files that are written.
const FormatVersion = formatVersion

// The pages that the connections of a process keep at most, and the slots beside them.
const (
	StoreCaches  = storeCaches
	ReaderCaches = readerCaches
	SpareSlots   = spareSlots
)
