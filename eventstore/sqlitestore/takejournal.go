package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// takeJournal opens the journal of the log for writing, after everything that it
// has is in the file. If it is not what the file needs, the log is refused, unless
// a person has accepted that.
func (f *filer) takeJournal(options Options) (*journal.Journal, error) {
	path := filepath.Join(options.Directory, journalFileName)
	state, err := readJournalState(f.conn)
	if err != nil {
		return nil, err
	}
	opened, contents, readErr := journal.Open(path, syncFile)
	if !state.needed && isForeign(state, f.end, contents, readErr) {
		return f.newJournal(path, opened)
	}
	events, err := checkJournal(path, state, f.end, contents, readErr)
	if err != nil && (options.Accept == nil || !errors.Is(err, eventstore.ErrDamaged)) {
		return nil, closeJournal(opened, err)
	}
	if err := f.recover(events); err != nil {
		return nil, closeJournal(opened, err)
	}
	var loss eventstore.LossFound
	switch {
	case err != nil:
		loss = eventstore.LossFound{First: f.end.position + 1, Cause: causeOf(err)}
	case state.needed && contents.Torn != nil:
		loss = lossOf(*contents.Torn)
	default:
		if err := f.setState(journalState{contents.ID, true}); err != nil {
			return nil, closeJournal(opened, err)
		}
		return opened, nil
	}
	if err := f.recordLoss(options, loss); err != nil {
		return nil, closeJournal(opened, err)
	}
	return f.newJournal(path, opened)
}

// isForeign reports whether a journal that the file does not need cannot be
// continued: it is damaged or not there, or it ends elsewhere than the file.
func isForeign(state journalState, file end, contents journal.Contents, err error) bool {
	if err != nil {
		return errors.Is(err, journal.ErrDamaged) || errors.Is(err, fs.ErrNotExist)
	}
	return contents.ID != state.id || contents.End < uint64(file.position)
}

// maxCause in bytes bounds the text of a loss.
const maxCause = 500

func causeOf(err error) string {
	var lacking incomplete
	if errors.As(err, &lacking) {
		err = lacking.cause
	}
	text := err.Error()
	return text[:min(len(text), maxCause)]
}

func lossOf(torn journal.Torn) eventstore.LossFound {
	loss := eventstore.LossFound{First: eventstore.Position(torn.First), Cause: "the last frame of the journal is not whole: it was torn by the loss of power before anybody was answered, or damaged later"}
	if torn.Count > 0 {
		loss.Last = eventstore.Position(torn.First) + eventstore.Position(torn.Count) - 1
	}
	return loss
}

// recordLoss commits what is missing, and who has accepted it, in one transaction
// with the word that the journal is not needed any more: whatever happens next, the
// log does not forget that it is not whole.
func (f *filer) recordLoss(options Options, loss eventstore.LossFound) error {
	now := time.UnixMicro(max(options.Now().UnixMicro(), f.end.recordedAt)).UTC()
	revision, err := f.lengthOfLogStream()
	if err != nil {
		return err
	}
	found, err := eventstore.LogEvent(loss, eventstore.Self, revision, now)
	if err != nil {
		return err
	}
	events := []eventstore.Event{found}
	if options.Accept != nil {
		accepted, err := options.Accept.Event(revision + 1)
		if err != nil {
			return err
		}
		events = append(events, accepted)
	}
	entries := make([]entry, len(events))
	for i, e := range events {
		entries[i] = entry{hash: hashOf(eventstore.LogStream), Recorded: eventstore.Recorded{
			Event: e, Stream: eventstore.LogStream, Revision: revision + eventstore.Revision(i),
			Position: f.end.position + eventstore.Position(i) + 1, RecordedAt: now,
		}}
	}
	f.losses = append(f.losses, loss)
	err = f.commitEvents(entries, func() error { return setJournalState(f.conn, journalState{}) })
	if err != nil {
		return fmt.Errorf("record what is missing from the log: %w", err)
	}
	f.filed.Store(uint64(f.end.position))
	return nil
}

func (f *filer) lengthOfLogStream() (eventstore.Revision, error) {
	l, err := openLookup(f.path, f.index.unindexed)
	if err != nil {
		return 0, err
	}
	length, err := l.length(eventstore.LogStream, hashOf(eventstore.LogStream))
	return eventstore.Revision(length), errors.Join(err, l.conn.Close())
}

// newJournal makes a journal and makes it the log's. What is in its place, and may
// be open, is set aside.
func (f *filer) newJournal(path string, old *journal.Journal) (*journal.Journal, error) {
	err := closeJournal(old, f.setState(journalState{}))
	if err == nil {
		err = setAside(path, f.end.position)
	}
	if err != nil {
		return nil, err
	}
	j, err := journal.Create(path, uint64(f.end.position), syncFile)
	if err != nil {
		return nil, err
	}
	err = syncDirectory(filepath.Dir(path))
	if err == nil {
		err = f.setState(journalState{j.ID(), true})
	}
	if err != nil {
		return nil, closeJournal(j, err)
	}
	return j, nil
}

// closeJournal closes a journal, if there is one, and returns what was wrong
// before.
func closeJournal(j *journal.Journal, err error) error {
	if j != nil {
		err = errors.Join(err, j.Close())
	}
	return err
}

// setAside renames a journal that cannot be continued, unless it never had a
// frame: a person may want to look into it.
func setAside(path string, position eventstore.Position) error {
	if contents, err := journal.ReadFile(path, 0); err == nil && len(contents.Frames) == 0 && contents.Torn == nil {
		return os.Remove(path)
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s-set-aside-at-%s", path, position)
		if n > 0 {
			name += fmt.Sprintf("-%d", n)
		}
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := os.Rename(path, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
}

// setState changes what the file says of its journal, and makes that durable.
func (f *filer) setState(s journalState) error {
	if current, err := readJournalState(f.conn); err != nil || current == s {
		return err
	}
	return f.commitEvents(nil, func() error { return setJournalState(f.conn, s) })
}
