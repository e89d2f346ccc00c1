package sqlitestore

import (
	"fmt"
	"os"

	"daybook/eventstore/sqlitestore/journal"
)

// syncFile makes what was written to the journal durable, see synchronous.
func syncFile(file *os.File) error {
	if synchronous != "FULL" {
		return nil
	}
	return fdatasync(file)
}

// recover files what a process that was killed had in its journal, and syncs
// it, before anything is decided on it. A transaction is open before and after.
func (f *filer) recover(events []entry) error {
	for len(events) > 0 {
		n := min(len(events), maxFiledEvents)
		if err := f.commitEvents(events[:n], nil); err != nil {
			return fmt.Errorf("file the journal: %w", err)
		}
		events = events[n:]
	}
	f.filed.Store(uint64(f.end.position))
	return nil
}

// commitEvents commits events that continue the file, with what else belongs to
// their transaction, and opens the next transaction.
func (f *filer) commitEvents(events []entry, also func() error) error {
	if err := f.insert(events, yield); err != nil {
		return err
	}
	if also != nil {
		if err := also(); err != nil {
			return err
		}
	}
	if err := step(f.statements.commit); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if n := len(events); n > 0 {
		f.end = endAt(&events[n-1].Recorded)
		f.index.unindexed.add(events)
	}
	if err := f.settle(); err != nil {
		return err
	}
	return f.begin()
}

// unfiled returns the events of a journal that are after the end of the file.
// They must continue it without a gap: a frame that is damaged in the middle
// held events that somebody was told of. Beside an error it returns those that
// do.
func unfiled(frames []journal.Frame, file end) ([]entry, error) {
	var events []entry
	last := file
	for _, frame := range frames {
		if frame.Count == 0 || frame.Last() <= uint64(file.position) {
			continue
		}
		decoded, err := decode(frame)
		if err != nil {
			return events, err
		}
		if frame.First > uint64(last.position)+1 {
			if last == file { // what was filed is in the write-ahead log first
				return events, fmt.Errorf("%w: %s ends at position %s and the journal goes on at %d: %s-wal is missing or older than the journal, or what is between them in the journal is damaged",
					journal.ErrDamaged, fileName, file.position, frame.First, fileName)
			}
			return events, fmt.Errorf("%w: nothing is whole in it between positions %s and %d", journal.ErrDamaged, last.position, frame.First)
		}
		if frame.First == uint64(last.position)+1 && frame.Previous != last.id {
			return events, fmt.Errorf("%w: it does not continue the event at position %s: it is of another log, or another program has written to this one", journal.ErrDamaged, last.position)
		}
		for i := range decoded {
			switch e := &decoded[i]; {
			case e.Position > last.position:
				events = append(events, entry{Recorded: *e, hash: hashOf(e.Stream)})
				last = endAt(e)
			case e.Position == file.position && e.ID != file.id:
				return nil, fmt.Errorf("%w: it has another event at position %s: another program has written to the log", journal.ErrDamaged, e.Position)
			}
		}
	}
	return events, nil
}
