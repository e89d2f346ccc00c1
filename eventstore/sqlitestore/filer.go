package sqlitestore

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

const (
	// filingDelay is how long events wait for others to be filed with them. It
	// delays nobody: what is not filed is read from memory, or from the journal.
	filingDelay = 200 * time.Millisecond

	// filingDue is the number of waiting events that are filed without delay.
	filingDue = 1024

	// maxFiledEvents and maxFiledBytes bound one transaction, and so the time that a
	// COMMIT keeps a processor, and the disk, from everybody else.
	maxFiledEvents = 2048
	maxFiledBytes  = 4 << 20

	// yieldEvery is after how many events, of 5 to 10 microseconds each, callers get
	// their turn: nobody waits for filing, many wait for a processor.
	yieldEvery = 16

	// patientUpTo is how many waiting events a filer that yields may have. Some
	// four times as many fill the journal.
	patientUpTo = 4 * filingDue

	// retryDelay is how long a full disk is left alone.
	retryDelay = 250 * time.Millisecond
)

// errForeign says that the file is not where this process has left it.
var errForeign = errors.New("another program has written to the log")

// filer brings events from the journal to the events table, in large
// transactions, and so lets the journal forget them. It owns the only
// connection that commits, and keeps a transaction open all the time, so that
// no other program can write to the file meanwhile.
//
// Its checkpointer has another connection, which needs SQLite 3.51.3: before,
// a checkpoint on one connection that met a commit on another could corrupt
// the file (https://sqlite.org/wal.html#walresetbug).
type filer struct {
	path       string // of the file
	conn       *sqlite.Conn
	statements statements
	inserter   inserter
	index      *indexer
	recent     *recent
	checkpoint *checkpointer
	fail       func(error)

	filed   atomic.Uint64 // position up to which events are durable in the file
	full    atomic.Bool   // the last attempt found no space
	woken   chan struct{} // holds one: there are events to file
	hurried chan struct{} // holds one: file them without delay
	filings broadcast     // sent after each attempt
	closing chan struct{} // closed when no more events come
	stopped chan struct{} // closed when run has returned

	end    end                    // of the file
	losses []eventstore.LossFound // found when the log was opened

	settleHeld bool // a reader keeps the write-ahead log from being copied at the start
	buffer     []entry
	broken     bool // an error was met after which nothing is filed
}

// wake tells that there is something to file.
func (f *filer) wake() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
	if f.recent.waiting() >= filingDue {
		f.hasten()
	}
}

func (f *filer) hasten() {
	select {
	case f.hurried <- struct{}{}:
	default:
	}
}

// hurry waits for the end of an attempt to file. It reports false if the disk is
// full, or if the attempt takes too long.
func (f *filer) hurry(attempt <-chan struct{}, deadline time.Time) bool {
	f.hasten()
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-attempt:
		return !f.full.Load()
	case <-f.stopped:
	case <-timer.C:
	}
	return false
}

// run files events until it is told that no more come, and then the rest.
func (f *filer) run() {
	defer close(f.stopped)
	for !f.broken {
		select {
		case <-f.woken:
			f.pause(filingDelay)
			f.fileDue()
		case err := <-f.checkpoint.done:
			f.stopAt(f.finishCheckpoint(err))
		case <-f.closing:
			for !f.broken && f.recent.waiting() > 0 && !f.full.Load() {
				f.fileDue()
			}
			return
		}
	}
}

// pause lets events gather, unless there is a hurry.
func (f *filer) pause(delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.hurried:
	case <-f.closing:
	}
}

// fileDue files one transaction, and wakes the filer again if events are left:
// they wait for others like those before them. If the disk is full it leaves all
// for later: the events are safe in the journal.
func (f *filer) fileDue() {
	f.buffer = f.recent.toFile(f.buffer[:0])
	if len(f.buffer) == 0 {
		return
	}
	err := f.file(f.buffer)
	f.full.Store(isDiskFull(err))
	f.filings.send()
	switch {
	case err == nil:
	case isDiskFull(err):
		f.pause(retryDelay)
	default:
		f.stopAt(fmt.Errorf("file events: %w", err))
		return
	}
	if f.recent.waiting() > 0 {
		f.wake()
	}
}

// stopAt ends the filer and the store at an error.
func (f *filer) stopAt(err error) {
	if err != nil {
		f.broken = true
		f.fail(err)
	}
}

// file commits events as one transaction. After an error that is a full disk,
// none of them is in the file.
func (f *filer) file(events []entry) error {
	giveWay := f.manners()
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

// insert adds events that continue those in the file. No trigger looks at what the
// filer does, see switchOffTriggers.
func (f *filer) insert(events []entry, giveWay func()) error {
	for i := range events {
		e := &events[i]
		if next := f.end.position + eventstore.Position(i) + 1; e.Position != next {
			return fmt.Errorf("%w: position %s was to be filed as %s", errDamaged, e.Position, next)
		}
		if err := f.inserter.insert(&e.Recorded, e.hash); err != nil {
			return err
		}
		if i%yieldEvery == 0 {
			giveWay()
		}
	}
	return nil
}

// checkpointing lets the checkpointer work, while no transaction is open.
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

// manners returns who goes before a filing: everybody, unless so much waits that
// callers will soon wait for the filer. Then it competes for a processor as they do.
func (f *filer) manners() (giveWay func()) {
	if f.recent.waiting() > patientUpTo {
		return runtime.Gosched
	}
	return yield
}

func endAt(e *eventstore.Recorded) end {
	return end{position: e.Position, recordedAt: e.RecordedAt.UnixMicro(), id: e.ID}
}

// begin opens the next transaction, and makes sure that the log still ends
// where it did.
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

// rollback undoes a transaction that failed before its commit, and opens the
// next.
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

// commitFailed decides whether the filer may go on after an error at COMMIT.
//
// It may after SQLITE_FULL. SQLite reports that for a write that found no
// space, never for a sync. COMMIT writes the transaction's frames to the
// write-ahead log in order; the last one alone carries the mark that commits
// them, and a checksum over all of them. A write that failed leaves that frame
// incomplete, so recovery ignores the transaction, and the next one overwrites
// it. That the log still ends where it did is read back all the same.
//
// After any other error, of a sync above all, the frames may be on disk or
// not, and syncing once more proves nothing: the kernel may have dropped them.
func (f *filer) commitFailed(cause error) error {
	if !isDiskFull(cause) {
		return fmt.Errorf("commit: %w", cause)
	}
	return f.rollback(cause)
}

// finishCheckpoint lets the checkpointer end its work while no transaction is
// open.
func (f *filer) finishCheckpoint(err error) error {
	if rollbackErr := step(f.statements.rollback); rollbackErr != nil {
		return errors.Join(err, fmt.Errorf("rollback: %w", rollbackErr))
	}
	return errors.Join(f.checkpoint.finish(err, f.conn, &f.statements), f.begin())
}

// close is called when run has returned. What does not fit on a full disk
// stays in the journal and the write-ahead log.
func (f *filer) close() error {
	var err error
	if !f.broken {
		if err = f.finish(); isDiskFull(err) {
			err = nil
		}
	}
	return errors.Join(err, f.conn.Close())
}

// finish ends the open transaction. If everything is filed, the file says from
// then on that it is the whole log.
func (f *filer) finish() error {
	if f.recent.waiting() > 0 {
		if err := step(f.statements.rollback); err != nil {
			return err
		}
	} else {
		state, err := readJournalState(f.conn)
		if err == nil {
			err = setJournalState(f.conn, journalState{state.id, false})
		}
		if err == nil {
			err = step(f.statements.commit)
		}
		if err != nil {
			return err
		}
	}
	f.conn.SetBusyTimeout(restartTimeout)
	_, err := truncateWAL(f.conn)
	return err
}

// isDiskFull reports whether a write of SQLite has found no space. It never
// says so of a sync.
func isDiskFull(err error) bool { return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull }
