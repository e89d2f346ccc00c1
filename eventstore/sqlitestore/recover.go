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
// it, before anything is decided on it. It leaves a transaction open.
func (f *filer) recover(frames []journal.Frame) error {
	if err := f.begin(); err != nil {
		return err
	}
	events, err := unfiled(frames, f.end)
	if err != nil {
		return err
	}
	for len(events) > 0 {
		n := min(len(events), maxFiledEvents)
		if err := f.insert(events[:n], yield); err != nil {
			return fmt.Errorf("file the journal: %w", err)
		}
		if err := step(f.statements.commit); err != nil {
			return fmt.Errorf("file the journal: commit: %w", err)
		}
		f.end = endAt(&events[n-1].Recorded)
		f.index.unindexed.add(events[:n])
		events = events[n:]
		if err := f.settle(); err != nil {
			return fmt.Errorf("file the journal: %w", err)
		}
		if err := f.begin(); err != nil {
			return err
		}
	}
	f.filed.Store(uint64(f.end.position))
	return nil
}

// unfiled returns the events of a journal that are behind the end of the file.
// They must continue it without a gap: a frame that is damaged in the middle
// held events that somebody was told of.
func unfiled(frames []journal.Frame, file end) ([]entry, error) {
	var events []entry
	last := file
	for _, frame := range frames {
		if frame.Count == 0 || frame.Last() <= uint64(file.position) {
			continue
		}
		decoded, err := decode(frame)
		if err != nil {
			return nil, err
		}
		if frame.First > uint64(last.position)+1 {
			return nil, fmt.Errorf("%w: the journal goes on at position %d, the log ends at %s", errDamaged, frame.First, last.position)
		}
		if frame.First == uint64(last.position)+1 && frame.Previous != last.id {
			return nil, fmt.Errorf("%w: the journal does not continue the event at position %s: it is of another log, or somebody else has written to this one", errDamaged, last.position)
		}
		for i := range decoded {
			switch e := &decoded[i]; {
			case e.Position > last.position:
				events = append(events, entry{Recorded: *e, hash: hashOf(e.Stream)})
				last = endAt(e)
			case e.Position == file.position && e.ID != file.id:
				return nil, fmt.Errorf("%w: the journal has another event at position %s: somebody else has written to the log", errDamaged, e.Position)
			}
		}
	}
	return events, nil
}
