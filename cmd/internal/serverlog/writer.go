// Package serverlog writes the log of a server: a line never waits for whoever
// reads the log, and has nothing of a customer in it.
package serverlog

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// linger is how long lines gather before they are written together.
const linger = 5 * time.Millisecond

// Writer hands lines on to another writer from a goroutine of its own. What that
// has no room for, or fails to write, is dropped line by line and counted, so that
// a log that is full or that nobody reads any more stops nobody who logs.
type Writer struct {
	to       io.Writer
	capacity int
	lost     func(lines uint64) []byte

	mu      sync.Mutex // guards what follows
	pending []byte
	unsaid  uint64 // lines dropped since the last line that says so
	closed  bool

	dropped atomic.Uint64
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}

	// Of the goroutine alone.
	spare []byte
	torn  bool // what was written last does not end a line
}

// NewWriter starts a writer that keeps at most capacity bytes beside those that are
// being written. After lines were dropped, and as soon as lines are written again,
// lost makes the line that says how many. Close ends it.
func NewWriter(to io.Writer, capacity int, lost func(lines uint64) []byte) *Writer {
	w := &Writer{
		to: to, capacity: capacity, lost: lost,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// Write takes whole lines, all or none. It never blocks and never fails.
func (w *Writer) Write(lines []byte) (int, error) {
	w.mu.Lock()
	first := len(w.pending) == 0
	if w.closed || len(w.pending)+len(lines) > w.capacity {
		w.drop(lines)
		first = false
	} else {
		w.pending = append(w.pending, lines...)
	}
	w.mu.Unlock()
	if first {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return len(lines), nil
}

// drop counts lines that are not written. The caller has mu.
func (w *Writer) drop(lines []byte) {
	n := uint64(bytes.Count(lines, []byte("\n")))
	w.unsaid += n
	w.dropped.Add(n)
}

// Dropped returns how many lines were dropped.
func (w *Writer) Dropped() uint64 { return w.dropped.Load() }

// Close writes what is left, for as long as patience lasts: a log that takes
// nothing does not keep the process from ending. Lines after it are dropped.
func (w *Writer) Close(patience time.Duration) {
	w.mu.Lock()
	closed := w.closed
	w.closed = true
	w.mu.Unlock()
	if !closed {
		close(w.closing)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.done:
	case <-timer.C:
	}
}

func (w *Writer) run() {
	defer close(w.done)
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for last := false; !last; {
		select {
		case <-w.wake:
			timer.Reset(linger)
			select {
			case <-timer.C:
			case <-w.closing:
			}
		case <-w.closing:
			last = true
		}
		for w.flush() {
		}
	}
}

// flush writes what is pending, and reports whether there was anything.
func (w *Writer) flush() bool {
	w.mu.Lock()
	lines, unsaid := w.pending, w.unsaid
	w.pending, w.spare = w.spare[:0], nil
	w.mu.Unlock()
	if len(lines) == 0 {
		w.spare = lines
		return false
	}
	if w.write(lines) && unsaid > 0 && w.write(w.lost(unsaid)) {
		w.mu.Lock()
		w.unsaid -= unsaid
		w.mu.Unlock()
	}
	w.spare = lines[:0]
	return true
}

// write reports whether all lines were written, and counts those that were not. A
// line that was torn is ended before the next one.
func (w *Writer) write(lines []byte) bool {
	if w.torn {
		if _, err := w.to.Write([]byte("\n")); err != nil {
			w.mu.Lock()
			w.drop(lines)
			w.mu.Unlock()
			return false
		}
		w.torn = false
	}
	n, err := w.to.Write(lines)
	if n > 0 {
		w.torn = lines[n-1] != '\n'
	}
	if err != nil {
		w.mu.Lock()
		w.drop(lines[n:])
		w.mu.Unlock()
	}
	return err == nil
}
