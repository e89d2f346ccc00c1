package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

var (
	// errTaken says that an event exists at a revision that was to be appended.
	errTaken = errors.New("revision is taken")

	// errForeign says that the log is not where this process has left it. It is
	// fatal, so that the log is opened anew.
	errForeign = errors.New("another program has written to the log")
)

// Append implements eventstore.Store. If ctx ends while the append is waiting
// for the writer, the error wraps both eventstore.ErrUnavailable and the
// context's: the events may be stored or not.
func (s *Store) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if err := eventstore.Check(stream, events); err != nil {
		return eventstore.Appended{}, err
	}
	size := 0
	for i := range events {
		size += len(events[i].Data) + len(events[i].Metadata)
	}
	appended, err := s.writer.submit(ctx, &request{stream: stream, expected: expected, events: events, size: size})
	if err != nil {
		return eventstore.Appended{}, fmt.Errorf("append to %s: %w", stream, err)
	}
	return appended, nil
}

// submit queues a request and waits for its answer.
func (w *writer) submit(ctx context.Context, r *request) (eventstore.Appended, error) {
	r.answer = make(chan outcome, 1)
	if len(r.events) > 0 && r.expected == eventstore.NoStream {
		w.seen.add(r.stream)
	}
	if err := ctx.Err(); err != nil {
		return eventstore.Appended{}, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return eventstore.Appended{}, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, ctx.Err())
	case <-w.stopped:
		return eventstore.Appended{}, w.reason
	}
	select {
	case o := <-r.answer:
		return o.appended, o.err
	case <-ctx.Done():
		return eventstore.Appended{}, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, ctx.Err())
	case <-w.stopped:
	}
	select {
	case o := <-r.answer: // given just before the writer stopped
		return o.appended, o.err
	default:
		return eventstore.Appended{}, w.reason
	}
}

// apply carries out one request within the transaction and moves next behind
// what it wrote. An error means that the transaction cannot go on; a conflict
// is an outcome.
func (w *writer) apply(r *request, next *end, now int64) (outcome, error) {
	if len(r.events) == 0 {
		return outcome{}, step(w.statements.probe)
	}
	first := r.expected.Next()
	if first > 0 {
		found, err := w.exists(r.stream, first-1)
		if err != nil {
			return outcome{}, err
		}
		if !found {
			return outcome{err: conflict(r.expected)}, nil
		}
	}
	// The unique index tells whether the stream ends where it should: asking
	// before would cost every append a second descent into it.
	err := w.insert(r, 0, next, now)
	if errors.Is(err, errTaken) {
		return w.repeat(r)
	}
	for i := 1; err == nil && i < len(r.events); i++ {
		err = w.insert(r, i, next, now)
	}
	return outcome{appended: eventstore.Appended{Revision: first + eventstore.Revision(len(r.events)-1), Position: next.position}}, err
}

// insert writes the i-th event of a request. It returns errTaken, and has
// written nothing, if the stream has an event at that revision.
func (w *writer) insert(r *request, i int, next *end, now int64) error {
	event := &r.events[i]
	stmt := w.statements.insert
	stmt.BindInt64(1, int64(next.position)+1)
	stmt.BindText(2, string(r.stream))
	stmt.BindInt64(3, int64(r.expected.Next())+int64(i))
	stmt.BindBytes(4, event.ID[:])
	stmt.BindText(5, event.Type)
	stmt.BindInt64(6, int64(event.Schema))
	stmt.BindInt64(7, now)
	stmt.BindBytes(8, event.Data)
	stmt.BindBytes(9, event.Metadata)
	if err := step(stmt); err != nil {
		if code := sqlite.ErrCode(err); i == 0 && (code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintTrigger) {
			return errTaken
		}
		return err
	}
	next.position++
	next.recordedAt = now
	w.committed = append(w.committed, eventstore.Recorded{
		Event:    eventstore.Event{ID: event.ID, Type: event.Type, Schema: event.Schema, Data: event.Data},
		Stream:   r.stream,
		Revision: r.expected.Next() + eventstore.Revision(i),
		Position: next.position, RecordedAt: time.UnixMicro(now).UTC(),
	})
	return nil
}

func (w *writer) exists(stream eventstore.StreamName, revision eventstore.Revision) (bool, error) {
	stmt := w.statements.exists
	stmt.BindText(1, string(stream))
	stmt.BindInt64(2, int64(revision))
	found, err := stmt.Step()
	if err != nil {
		return false, err
	}
	return found, stmt.Reset()
}

// repeat answers an append to revisions that exist: with what it came to the
// first time if all of its events are there, else with a conflict.
func (w *writer) repeat(r *request) (outcome, error) {
	stmt := w.statements.following
	stmt.BindText(1, string(r.stream))
	stmt.BindInt64(2, int64(r.expected.Next()))
	stmt.BindInt64(3, int64(len(r.events)))
	rows, same := 0, 0
	var last eventstore.Appended
	for {
		found, err := stmt.Step()
		if err != nil {
			return outcome{}, err
		}
		if !found {
			break
		}
		rows++
		var id eventstore.EventID
		if stmt.ColumnBytes(0, id[:]) != len(id) || id != r.events[same].ID {
			break
		}
		same++
		last = eventstore.Appended{
			Revision: eventstore.Revision(stmt.ColumnInt64(1)),
			Position: eventstore.Position(stmt.ColumnInt64(2)),
		}
	}
	if err := stmt.Reset(); err != nil {
		return outcome{}, err
	}
	if rows == 0 {
		return outcome{}, errForeign // not the revision is taken but the position
	}
	if same < len(r.events) {
		return outcome{err: conflict(r.expected)}, nil
	}
	return outcome{appended: last}, nil
}

func conflict(expected eventstore.Expected) error {
	return fmt.Errorf("%w: expected %s", eventstore.ErrConflict, expected)
}
