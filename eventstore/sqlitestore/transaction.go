package sqlitestore

import (
	"errors"
	"fmt"
	"runtime"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

// errForeign says that the file has changed between two transactions of the filer.
var errForeign = errors.New("another program has written to the log")

// file commits events in one transaction. If it fails because the disk is full,
// none of them is in the file.
func (f *filer) file(events []entry) error {
	giveWay := f.yieldFunc()
	if err := f.insert(events, giveWay); err != nil {
		return f.rollback(err)
	}
	entered, err := f.index.next(len(events), giveWay)
	if err != nil {
		return f.rollback(fmt.Errorf("enter into the index: %w", err))
	}
	if err := step(f.statements.commit); err != nil {
		return f.commitFailed(err)
	}
	last := &events[len(events)-1]
	f.end = endAt(&last.Recorded)
	f.index.unindexed.add(events)
	f.index.committed(entered)
	f.recent.filed(last.Position)
	f.filed.Store(uint64(last.Position))
	return errors.Join(f.checkpointing(), f.begin())
}

// insert adds events that continue those in the file.
func (f *filer) insert(events []entry, giveWay func()) error {
	for i := range events {
		e := &events[i]
		if next := f.end.position + eventstore.Position(i) + 1; e.Position != next {
			return fmt.Errorf("%w: position %s was to be filed as %s", errDamaged, e.Position, next)
		}
		if err := insert(f.statements.insert, &e.Recorded, e.hash); err != nil {
			return err
		}
		if i%yieldEvery == 0 {
			giveWay()
		}
	}
	return nil
}

// yieldFunc decides how politely this transaction yields the CPU: to every thread,
// until so many events wait that appends will soon wait for the filer. Then the
// filer competes with them.
func (f *filer) yieldFunc() func() {
	if f.recent.waiting() > patientUpTo {
		return runtime.Gosched
	}
	return yield
}

// begin opens the next transaction, and checks that the log still ends where the
// last one left it.
func (f *filer) begin() error {
	if err := step(f.statements.begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	found, err := readEnd(f.statements.end)
	if err == nil && found != f.end {
		err = fmt.Errorf("%w: it ends at position %s, not at %s", errForeign, found.position, f.end.position)
	}
	return err
}

// rollback undoes a transaction that failed before its COMMIT, and opens the next.
func (f *filer) rollback(cause error) error {
	if !f.conn.AutocommitEnabled() { // else SQLite has rolled back by itself
		if err := step(f.statements.rollback); err != nil {
			return fmt.Errorf("%v; rollback: %w", cause, err)
		}
	}
	if err := f.begin(); err != nil {
		return fmt.Errorf("%v; %w", cause, err)
	}
	return cause
}

// commitFailed decides whether the filer may continue after an error of COMMIT.
//
// It may after SQLITE_FULL. SQLite reports that for a write that found no space,
// never for a sync. COMMIT writes the transaction's frames to the write-ahead log
// in order; only the last one carries the mark that commits them, and a checksum
// over all of them. A write that failed leaves that frame incomplete, so recovery
// ignores the transaction, and the next one overwrites it. begin checks all the
// same that the log ends where it did.
//
// After any other error, a failed sync above all, the frames may be on disk or
// not, and a second sync proves nothing: the kernel may have dropped them.
func (f *filer) commitFailed(cause error) error {
	if !isDiskFull(cause) {
		return fmt.Errorf("commit: %w", cause)
	}
	return f.rollback(cause)
}

// checkpointing lets the checkpointer work between two transactions.
func (f *filer) checkpointing() error {
	select {
	case err := <-f.checkpoint.done:
		if err := f.checkpoint.finish(err, f.conn, &f.statements); err != nil {
			return err
		}
	default:
	}
	return f.checkpoint.committed(&f.statements)
}

// finishCheckpoint ends a checkpoint while no events come: it closes the open
// transaction, which is empty, for as long as that takes.
func (f *filer) finishCheckpoint(err error) error {
	if rollbackErr := step(f.statements.rollback); rollbackErr != nil {
		return errors.Join(err, fmt.Errorf("rollback: %w", rollbackErr))
	}
	return errors.Join(f.checkpoint.finish(err, f.conn, &f.statements), f.begin())
}

// finish ends the open transaction. If every event is filed, the file says from
// then on that it is the whole log.
func (f *filer) finish() error {
	if err := f.endTransaction(); err != nil {
		return err
	}
	f.conn.SetBusyTimeout(restartTimeout)
	_, err := truncateWAL(f.conn)
	return err
}

func (f *filer) endTransaction() error {
	if f.recent.waiting() > 0 {
		return step(f.statements.rollback)
	}
	state, err := readJournalState(f.conn)
	if err != nil {
		return err
	}
	if err := setJournalState(f.conn, journalState{state.id, false}); err != nil {
		return err
	}
	return step(f.statements.commit)
}

// isDiskFull reports whether a write of SQLite found no space. SQLite never
// reports that for a sync.
func isDiskFull(err error) bool { return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull }
