package sqlitestore

import (
	"fmt"

	"daybook/eventstore"
)

// decide accepts an append to the frame that is being made, or says what it
// comes to without being written: a conflict, or the outcome that it had the
// first time.
func (w *writer) decide(r *request) (o outcome, accepted bool) {
	length, err := w.length(r.stream, r.hash)
	if err != nil {
		return outcome{err: fmt.Errorf("%w: look up the stream: %w", eventstore.ErrUnavailable, err)}, false
	}
	switch first := uint64(r.expected.Next()); {
	case length < first:
		return outcome{err: conflict(r.expected)}, false
	case length > first:
		return w.repeat(r), false
	}
	for i := range r.events {
		w.accept(r, i)
	}
	w.lengths[r.stream] = length + uint64(len(r.events))
	w.seen.add(r.hash)
	last := &w.frame[len(w.frame)-1]
	return outcome{appended: eventstore.Appended{Revision: last.Revision, Position: last.Position}}, true
}

// accept adds the i-th event of a request to the frame.
func (w *writer) accept(r *request, i int) {
	w.frame = append(w.frame, entry{hash: r.hash, Recorded: eventstore.Recorded{
		Event:      r.events[i],
		Stream:     r.stream,
		Revision:   r.expected.Next() + eventstore.Revision(i),
		Position:   w.end.position + 1 + eventstore.Position(len(w.frame)),
		RecordedAt: w.now,
	}})
}

// length returns the number of events of a stream, those of the frame that is
// being made included.
func (w *writer) length(stream eventstore.StreamName, hash int64) (uint64, error) {
	if length, ok := w.lengths[stream]; ok {
		return length, nil
	}
	if revision, ok := w.recent.head(stream); ok {
		return uint64(revision) + 1, nil
	}
	if w.seen.never(hash) {
		return 0, nil
	}
	return w.lookup.length(stream, hash)
}

// repeat answers an append to revisions that exist: with what it came to the
// first time if all of its events are there, else with a conflict.
func (w *writer) repeat(r *request) outcome {
	var last eventstore.Appended
	for i := range r.events {
		revision := r.expected.Next() + eventstore.Revision(i)
		id, position, err := w.stored(r, revision)
		if err != nil {
			return outcome{err: fmt.Errorf("%w: look up the stream: %w", eventstore.ErrUnavailable, err)}
		}
		if id != r.events[i].ID {
			return outcome{err: conflict(r.expected)}
		}
		last = eventstore.Appended{Revision: revision, Position: position}
	}
	return outcome{appended: last}
}

// stored returns id and position of an event; a zero id if there is none.
func (w *writer) stored(r *request, revision eventstore.Revision) (eventstore.EventID, eventstore.Position, error) {
	for i := range w.frame {
		if e := &w.frame[i]; e.Stream == r.stream && e.Revision == revision {
			return e.ID, e.Position, nil
		}
	}
	if events := w.recent.stream(r.stream, revision); len(events) > 0 && events[0].Revision == revision {
		return events[0].ID, events[0].Position, nil
	}
	return w.lookup.event(r.stream, r.hash, revision)
}

func conflict(expected eventstore.Expected) error {
	return fmt.Errorf("%w: expected %s", eventstore.ErrConflict, expected)
}
