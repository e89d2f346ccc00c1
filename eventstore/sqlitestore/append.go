package sqlitestore

import (
	"context"
	"fmt"
	"sync"

	"daybook/eventstore"
)

// request is an append, or a trial if it has no events.
type request struct {
	stream   eventstore.StreamName
	hash     int64 // of the stream, see hashOf
	expected eventstore.Expected
	events   []eventstore.Event
	records  []byte       // the events as the journal keeps them
	answer   chan outcome // holds one, so that the writer never waits for a caller
}

type outcome struct {
	appended eventstore.Appended
	err      error
}

// Append implements eventstore.Store. If ctx ends while the append is waiting
// for the writer, the error wraps both eventstore.ErrUnavailable and the
// context's: the events may be stored or not.
func (s *Store) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if err := eventstore.Check(stream, events); err != nil {
		return eventstore.Appended{}, err
	}
	r := &request{
		stream:   stream,
		hash:     hashOf(stream),
		expected: expected,
		events:   events,
		records:  encode(takeBuffer(), stream, expected.Next(), events),
	}
	appended, err := s.writer.submit(ctx, r)
	if err != nil {
		return eventstore.Appended{}, fmt.Errorf("append to %s: %w", stream, err)
	}
	giveBuffer(r.records) // not after an error: the writer may still have the request
	return appended, nil
}

// buffers are for records: the journal has its own copy when an append is
// answered.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keptBuffer bounds what waits for another append.
const keptBuffer = 16 << 10

func takeBuffer() []byte { return (*buffers.Get().(*[]byte))[:0] }

func giveBuffer(buffer []byte) {
	if cap(buffer) <= keptBuffer {
		buffers.Put(&buffer)
	}
}

// submit commits a request: here and now if there is nobody to share a frame with,
// else together with all others that wait, when the writer comes round to it. A
// lone caller so is spared two changes of goroutine.
func (w *writer) submit(ctx context.Context, r *request) (eventstore.Appended, error) {
	if err := ctx.Err(); err != nil {
		return eventstore.Appended{}, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	if w.submitted.Add(1) == 1 && w.company.Load() == 0 && w.mu.TryLock() {
		defer w.submitted.Add(-1)
		defer w.mu.Unlock()
		o := w.commitOne(r)
		return o.appended, o.err
	}
	defer w.submitted.Add(-1)
	r.answer = make(chan outcome, 1)
	if err := w.enqueue(ctx, r); err != nil {
		return eventstore.Appended{}, err
	}
	w.ring()
	select {
	case o := <-r.answer:
		return o.appended, o.err
	case <-ctx.Done():
		return eventstore.Appended{}, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, ctx.Err())
	}
}

// enqueue hands a request to run. There nearly always is room; waiting for it as
// well as for the ends of everything takes several times as long.
func (w *writer) enqueue(ctx context.Context, r *request) error {
	select {
	case w.queue <- r:
	default:
		select {
		case w.queue <- r:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, ctx.Err())
		case <-w.stopped:
			return w.reason
		}
	}
	select {
	case <-w.stopped: // it may have come too late for run
		w.refuseQueued()
	default:
	}
	return nil
}

// refuseQueued answers whoever is queued when nothing is committed any more.
func (w *writer) refuseQueued() {
	for {
		select {
		case r := <-w.queue:
			r.answer <- outcome{err: w.reason}
		default:
			return
		}
	}
}
