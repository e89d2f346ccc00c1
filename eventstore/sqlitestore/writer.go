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
	// queueLength bounds the requests that wait for the writer; further ones
	// wait in Append.
	queueLength = 256

	// maxBatchRequests and maxBatchBytes bound one transaction, and so the time
	// that the first request in it waits for the last.
	maxBatchRequests = 512
	maxBatchBytes    = 4 << 20
)

// request is an append, or a probe if it has no events.
type request struct {
	stream   eventstore.StreamName
	expected eventstore.Expected
	events   []eventstore.Event
	size     int          // bytes of data and metadata
	answer   chan outcome // holds one, so that the writer never waits for a caller
}

type outcome struct {
	appended eventstore.Appended
	err      error
}

// end is where the log ends.
type end struct {
	position   eventstore.Position // of the last event
	recordedAt int64               // of the last event, in microseconds
}

// writer owns the only connection that commits. Its checkpointer has another,
// which needs SQLite 3.51.3: before, a checkpoint on one connection that met a
// commit on another could corrupt the file
// (https://sqlite.org/wal.html#walresetbug).
type writer struct {
	conn       *sqlite.Conn
	statements statements
	now        func() time.Time
	onCommit   func(events int, took time.Duration)
	onStop     func(reason error) // ends the reads

	queue   chan *request
	closing chan struct{} // closed by Store.Close
	stopped chan struct{} // closed when run has returned
	failed  chan struct{} // closed before stopped, if the store has failed
	reason  error         // why run has returned; written before failed and stopped are closed

	end        end
	batch      []*request
	bytes      int // that the batch writes, about
	outcomes   []outcome
	committed  []eventstore.Recorded // by the last transaction, without metadata
	checkpoint *checkpointer

	lastWrite atomic.Int64 // when it was committed, in nanoseconds since 1970; 0 is never
	appended  broadcast    // sent after each transaction with events
	tail      tail
	seen      *seen
}

// run commits requests until the store is closed or has failed.
func (w *writer) run() {
	defer close(w.stopped)
	for w.reason == nil {
		select {
		case first := <-w.queue:
			w.serve(first)
		case err := <-w.checkpoint.done:
			w.fail(w.checkpoint.finish(err, w))
		case <-w.closing:
			w.drain()
		}
	}
	if !errors.Is(w.reason, errClosed) {
		close(w.failed)
		w.onStop(w.reason)
	}
}

// drain commits what is queued when the store is closed.
func (w *writer) drain() {
	for w.reason == nil {
		select {
		case first := <-w.queue:
			w.serve(first)
		default:
			w.reason = errClosed
		}
	}
}

// serve commits the first request together with all that wait behind it.
func (w *writer) serve(first *request) {
	w.gather(first)
	started := time.Now()
	events, err := w.transact()
	took := time.Since(started)
	if events > 0 {
		// Before the answers: the scheduler runs first whom it was told of
		// last, and callers are in more of a hurry than subscribers.
		w.tail.add(w.committed)
		w.appended.send()
	}
	for i, r := range w.batch {
		if err != nil {
			r.answer <- outcome{err: err}
		} else {
			r.answer <- w.outcomes[i]
		}
	}
	if err != nil {
		return
	}
	if w.onCommit != nil {
		w.onCommit(events, took)
	}
	w.fail(w.checkpoint.committing(w.bytes, &w.statements))
}

// fail makes an error the reason for which the store has failed.
func (w *writer) fail(err error) {
	if err != nil {
		w.reason = fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
}

func (w *writer) gather(first *request) {
	w.batch = append(w.batch[:0], first)
	size := first.size
	for len(w.batch) < maxBatchRequests && size < maxBatchBytes {
		select {
		case r := <-w.queue:
			w.batch = append(w.batch, r)
			size += r.size
		default:
			w.bytes = size + len(w.batch)*pageSize // each append changes a page of the index
			return
		}
	}
	w.bytes = size + len(w.batch)*pageSize
}

// transact carries out the batch as one transaction, leaves what each request
// came to in w.outcomes, and returns the number of events written. An error is
// the answer to every request of the batch, conflicts included: they were
// judged by events that are not in the log.
func (w *writer) transact() (int, error) {
	w.outcomes = w.outcomes[:0]
	clear(w.committed)
	w.committed = w.committed[:0]
	if err := step(w.statements.begin); err != nil {
		return 0, fmt.Errorf("%w: begin: %w", eventstore.ErrUnavailable, err)
	}
	next := w.end
	now := max(w.now().UnixMicro(), w.end.recordedAt)
	probed := false
	for _, r := range w.batch {
		probed = probed || len(r.events) == 0
		o, err := w.apply(r, &next, now)
		if errors.Is(err, errForeign) {
			w.reason = w.rollback(err)
			return 0, w.reason
		}
		if err != nil {
			return 0, w.rollback(err)
		}
		w.outcomes = append(w.outcomes, o)
	}
	// The commit point. With synchronous=FULL this returns when the write-ahead
	// log has been synced; before that nobody hears an answer, and readers see
	// nothing.
	if err := step(w.statements.commit); err != nil {
		return 0, w.commitFailed(err)
	}
	events := int(next.position - w.end.position)
	if events > 0 || probed {
		w.lastWrite.Store(w.now().UnixNano())
	}
	w.end = next
	return events, nil
}

// rollback undoes a transaction that failed before its commit. The log is
// known to be unchanged, so the store goes on: a full disk gets space again.
func (w *writer) rollback(cause error) error {
	err := fmt.Errorf("%w: %w", eventstore.ErrUnavailable, cause)
	if w.conn.AutocommitEnabled() {
		return err // SQLite has rolled back by itself, as it does on some errors
	}
	if rollbackErr := step(w.statements.rollback); rollbackErr != nil {
		w.reason = fmt.Errorf("%w: rollback: %w", err, rollbackErr)
		return w.reason
	}
	return err
}

// commitFailed decides whether the store may go on after an error at COMMIT.
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
func (w *writer) commitFailed(cause error) error {
	err := fmt.Errorf("%w: commit: %w", eventstore.ErrUnavailable, cause)
	if !isFull(cause) {
		w.reason = err
		return err
	}
	if err := w.rollback(cause); w.reason != nil {
		return err
	}
	found, readErr := readEnd(w.statements.end)
	if readErr != nil {
		w.reason = fmt.Errorf("%w; read the end of the log: %w", err, readErr)
		return w.reason
	}
	if found != w.end {
		w.reason = fmt.Errorf("%w; the log ends at position %s, not at %s", err, found.position, w.end.position)
		return w.reason
	}
	return err
}

// close is called when run has returned. What does not fit on a full disk
// stays in the write-ahead log.
func (w *writer) close() error {
	var err error
	if errors.Is(w.reason, errClosed) {
		if _, err = truncateWAL(w.conn); isFull(err) {
			err = nil
		}
	}
	return errors.Join(err, w.conn.Close())
}

// isFull reports whether a write has found no space. SQLite never says so of a
// sync.
func isFull(err error) bool { return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull }
