package sqlitestore

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

const (
	// filingDelay lets events gather for a transaction. It delays no caller: events
	// that are not filed are read from memory, or from the journal.
	filingDelay = 200 * time.Millisecond

	// filingDue events that wait are filed without delay.
	filingDue = 1024

	// maxFiledEvents and maxFiledBytes bound one transaction, and so the time for
	// which a COMMIT occupies a CPU and the disk.
	maxFiledEvents = 2048
	maxFiledBytes  = 4 << 20

	// yieldEvery events, of 5 to 10 microseconds each, the filer yields the CPU:
	// no caller waits for the filer, many wait for a CPU.
	yieldEvery = 16

	// patientUpTo is the number of waiting events beyond which the filer yields to
	// goroutines only. About four times as many fill the journal.
	patientUpTo = 4 * filingDue

	// retryDelay is the pause after an attempt that found the disk full.
	retryDelay = 250 * time.Millisecond
)

// filer moves events from the journal to the events table, in large transactions,
// which releases their frames in the journal. It owns the only connection that
// commits, and always keeps a transaction open, so that no other program can write
// to the file.
//
// Its checkpointer has another connection, which needs SQLite 3.51.3: in earlier
// versions a checkpoint that raced a commit on another connection could corrupt the
// file (https://sqlite.org/wal.html#walresetbug).
type filer struct {
	path       string // of the file
	conn       *sqlite.Conn
	statements statements
	index      *indexer
	recent     *recent
	checkpoint *checkpointer
	fail       func(error)

	filed   atomic.Uint64 // position up to which events are durable in the file
	full    atomic.Bool   // the last attempt found the disk full
	woken   chan struct{} // holds one: there are events to file
	hurried chan struct{} // holds one: file them without delay
	filings broadcast     // sent after each attempt
	closing chan struct{} // closed when no more events come
	stopped chan struct{} // closed when run has returned

	end    end                    // of the file
	losses []eventstore.LossFound // found when the log was opened

	settleHeld bool // at the start a reader keeps the write-ahead log from being copied
	buffer     []entry
	broken     bool // after an error, nothing is filed any more
}

// wake tells the filer that events wait.
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

// run files events until closing is closed, and then the rest.
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

// pause waits, unless hasten or Close cuts it short.
func (f *filer) pause(delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.hurried:
	case <-f.closing:
	}
}

// fileDue files one transaction, and wakes the filer again if events are left. If
// the disk is full it retries later: the events are safe in the journal.
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

// stopAt fails the store if err is an error.
func (f *filer) stopAt(err error) {
	if err != nil {
		f.broken = true
		f.fail(err)
	}
}

// close is called after run has returned. What a full disk has no room for stays in
// the journal and the write-ahead log.
func (f *filer) close() error {
	var err error
	if !f.broken {
		if err = f.finish(); isDiskFull(err) {
			err = nil
		}
	}
	return errors.Join(err, f.conn.Close())
}
