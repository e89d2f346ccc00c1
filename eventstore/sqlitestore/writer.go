package sqlitestore

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

const (
	// queueLength bounds the requests that wait for the writer; further ones
	// wait in Append.
	queueLength = 256

	// maxBatchRequests and maxBatchBytes bound one frame, and so the time that
	// the first request in it waits for the last.
	maxBatchRequests = 512
	maxBatchBytes    = 4 << 20

	// expectedFrames is for how many frames after a shared one others are expected.
	expectedFrames = 32

	// fullTimeout bounds the wait for room in a full journal.
	fullTimeout = 5 * time.Second
)

// end is where the log ends.
type end struct {
	position   eventstore.Position // of the last event
	recordedAt int64               // of the last event, in microseconds
	id         eventstore.EventID  // of the last event
}

// writer decides appends and makes them durable in the journal.
type writer struct {
	directory string
	clock     func() time.Time
	onCommit  func(events int, took time.Duration)
	onStop    func(reason error) // ends the reads

	submitted atomic.Int64 // requests that are not answered
	company   atomic.Int64 // frames for which others are expected, see expect
	queue     chan *request
	arrived   chan struct{} // holds one: somebody has queued a request
	closing   chan struct{} // closed by Store.Close
	stopped   chan struct{} // closed when run has returned
	reason    error         // why run has returned; written before stopped is closed

	failOnce sync.Once
	failed   chan struct{} // closed if the store has failed
	failure  error         // why; written before failed is closed

	recent   *recent
	seen     *seen
	filer    *filer
	appended broadcast // sent after each frame with events

	lastWrite atomic.Int64 // when a frame was written, in nanoseconds since 1970; 0 is never
	refused   atomic.Int64 // bytes of the last frame if it found no room, else 0

	mu       sync.Mutex // is held for each frame, and guards all below
	ended    error      // why no frame is written any more
	journal  *journal.Journal
	lookup   *lookup
	end      end
	batch    []*request
	outcomes []outcome
	started  time.Time // when the frame that is being made was begun
	now      time.Time // what its events say
	frame    []entry   // its events
	payload  [][]byte
	room     int                              // in bytes, that a trial in it takes up
	lengths  map[eventstore.StreamName]uint64 // of the streams in it
}

// run commits what is queued until the store is closed or has failed. Whoever is
// queued gets an answer: those who come later see that it has stopped.
func (w *writer) run() {
	defer w.refuseQueued()
	defer close(w.stopped)
	for w.reason == nil {
		select {
		case <-w.arrived:
			runtime.Gosched() // whoever is about to queue a request shares the frame
			w.serve()
		case <-w.failed:
			w.stop(w.failure)
		case <-w.closing:
			w.drain()
		}
	}
}

// drain commits what is queued when the store is closed.
func (w *writer) drain() {
	for len(w.queue) > 0 {
		w.serve()
	}
	w.stop(errClosed)
}

// stop lets no further frame be written.
func (w *writer) stop(reason error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		w.ended = reason
	}
	w.reason = w.ended
}

// fail makes an error the reason for which the store has failed.
func (w *writer) fail(err error) {
	w.failOnce.Do(func() {
		w.failure = fmt.Errorf("%w: %w", eventstore.ErrUnavailable, afterFailure(err, w.directory))
		close(w.failed)
		w.onStop(w.failure)
	})
}

// serve commits all requests that wait.
func (w *writer) serve() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.batch = w.batch[:0]
	for size := 0; len(w.queue) > 0; {
		r := <-w.queue
		w.batch = append(w.batch, r)
		if size += len(r.records); len(w.batch) == maxBatchRequests || size >= maxBatchBytes {
			w.ring() // for the rest
			break
		}
	}
	if len(w.batch) == 0 {
		return
	}
	w.expect(len(w.batch))
	w.commit()
	for i, r := range w.batch {
		r.answer <- w.outcomes[i]
	}
	clear(w.batch)
}

// expect takes a frame that was shared for a sign that the next ones will be:
// whoever comes meanwhile leaves the frame to run, which lets others queue first.
// Otherwise half of the frames of many callers would have one append each.
func (w *writer) expect(requests int) {
	if requests > 1 {
		w.company.Store(expectedFrames)
	} else if n := w.company.Load(); n > 0 {
		w.company.Store(n - 1)
	}
}

// ring tells run that requests wait.
func (w *writer) ring() {
	select {
	case w.arrived <- struct{}{}:
	default: // it has not yet looked since the last time
	}
}

// commitOne commits a request alone. The caller holds mu.
func (w *writer) commitOne(r *request) outcome {
	w.batch = append(w.batch[:0], r)
	w.commit()
	w.batch[0] = nil
	return w.outcomes[0]
}

// commit decides the requests of the batch in their order, writes those that
// are accepted as one frame, and leaves in outcomes what each came to. If the
// frame cannot be written, that is the answer to all, conflicts included: they
// were judged by events that are not in the log.
func (w *writer) commit() {
	w.started = time.Now()
	w.outcomes, w.frame, w.payload, w.room = w.outcomes[:0], w.frame[:0], w.payload[:0], 0
	clear(w.lengths)
	w.now = time.UnixMicro(max(w.clock().UnixMicro(), w.end.recordedAt)).UTC()
	trial := false
	for _, r := range w.batch {
		if w.ended != nil {
			w.outcomes = append(w.outcomes, outcome{err: w.ended})
			continue
		}
		if len(r.events) == 0 {
			trial = true
			w.room = max(w.room, len(r.records))
			w.outcomes = append(w.outcomes, outcome{})
			continue
		}
		o, accepted := w.decide(r)
		if accepted {
			w.payload = append(w.payload, r.records)
		}
		w.outcomes = append(w.outcomes, o)
	}
	if err := w.write(trial); err != nil {
		for i := range w.outcomes {
			w.outcomes[i] = outcome{err: err}
		}
		return
	}
	if len(w.frame) > 0 && w.onCommit != nil {
		w.onCommit(len(w.frame), time.Since(w.started))
	}
}

// write makes the frame durable and then known. After an error of which
// nobody knows what it has left on disk, the store has failed.
func (w *writer) write(trial bool) error {
	select {
	case <-w.failed:
		w.ended = w.failure
	default:
	}
	if w.ended != nil {
		return w.ended
	}
	if len(w.frame) == 0 {
		if !trial {
			return nil
		}
		w.payload = append(w.payload, bytes.Repeat([]byte{'.'}, w.room)) // not zeroes, which are blocks that were lost
	}
	err := w.writeFrame(journal.Frame{
		First:    uint64(w.end.position) + 1,
		Count:    uint32(len(w.frame)),
		Time:     w.now.UnixMicro(),
		Previous: w.end.id,
	})
	if err != nil {
		err = fmt.Errorf("commit: %w", err)
		if isFull(err) {
			w.refused.Store(w.payloadBytes())
		} else {
			w.fail(err)
			w.ended = w.failure
		}
		return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	w.refused.Store(0)
	w.lastWrite.Store(w.clock().UnixNano())
	if len(w.frame) > 0 {
		w.publish()
	}
	if err := w.journal.Publish(); err != nil {
		w.fail(err)
		w.ended = w.failure
		return w.failure
	}
	return nil
}

func (w *writer) payloadBytes() int64 {
	var bytes int64
	for _, part := range w.payload {
		bytes += int64(len(part))
	}
	return bytes
}

// publish lets the readers of this process see the frame, before those of
// others do: they would be ahead of it.
func (w *writer) publish() {
	last := &w.frame[len(w.frame)-1]
	w.end = end{position: last.Position, recordedAt: w.now.UnixMicro(), id: last.ID}
	w.recent.add(w.frame)
	clear(w.frame)
	w.appended.send()
	w.filer.wake()
}

// writeFrame waits a while for room if the journal is full.
func (w *writer) writeFrame(f journal.Frame) error {
	deadline := w.started.Add(fullTimeout)
	for {
		attempt := w.filer.filings.wait() // before releasing, so that none is missed
		w.journal.Release(w.filer.filed.Load())
		err := w.journal.Write(f, w.payload...)
		if !errors.Is(err, journal.ErrFull) || !w.filer.hurry(attempt, deadline) {
			return err
		}
	}
}

// isFull reports whether an error says no more than that there was no room,
// so that nothing was written.
func isFull(err error) bool {
	return errors.Is(err, journal.ErrFull) || errors.Is(err, journal.ErrNoSpace)
}
