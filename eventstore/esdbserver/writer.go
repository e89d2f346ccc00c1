package esdbserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook/eventstore"
)

// commitTimeout bounds how long a write is waited for.
const commitTimeout = 10 * time.Second

// patience is the time that a write has: until the client's deadline, and not
// for ever. A write goes on when the client has gone, so that what is known of
// its ids is complete.
func patience(ctx context.Context) (context.Context, context.CancelFunc) {
	until := time.Now().Add(commitTimeout)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), until)
}

// maxAppendBytes is the limit of EventStoreDB.
const maxAppendBytes = 1 << 20

// writer changes a scratch log, by the rules of EventStoreDB.
type writer struct {
	log   *log
	locks keyed
	known known
}

func newWriter(l *log) *writer { return &writer{log: l} }

// append writes events at the end of a stream. The errors are wrongVersion and
// failure, and those of the store.
func (w *writer) append(ctx context.Context, request write) (written, error) {
	name, ok := w.log.view.stored(request.stream)
	if !ok {
		return written{}, invalid("the stream name is empty or too long")
	}
	ctx, cancel := patience(ctx)
	defer cancel()
	unlock := w.locks.lock(strings.TrimPrefix(request.stream, metadataPrefix))
	defer unlock()
	shown, err := w.log.lifetime(ctx, request.stream)
	switch {
	case err != nil:
		return written{}, timedOut(ctx, err)
	case shown.tombstoned:
		return written{}, streamDeleted(request.stream)
	}
	result, err := w.decide(ctx, name, request, shown)
	return result, timedOut(ctx, err)
}

// decide chooses how an append is compared with what is there.
func (w *writer) decide(ctx context.Context, name eventstore.StreamName, request write, shown lifetime) (written, error) {
	deleted := shown.first == softDeleted
	if request.expected >= expectNoStream && !deleted && len(request.events) > 0 {
		return w.appendAt(ctx, name, request)
	}
	length, err := w.log.length(ctx, name, w.known.length(name))
	if err != nil {
		return written{}, err
	}
	current := int64(length) - 1
	switch {
	case request.expected == expectStreamExists && deleted:
		return written{}, streamDeleted(request.stream)
	case request.expected == expectStreamExists && current == noStream && !shown.hasMetadata:
		return written{}, &wrongVersion{request.stream, request.expected, current}
	case len(request.events) == 0:
		return w.appendNothing(request, current)
	case deleted:
		return w.appendToDeleted(ctx, name, request, current)
	}
	return w.appendAnyhow(ctx, name, request, current)
}

// appendAt appends where the client expects the stream. The contract of the
// store has the same rules for that as EventStoreDB.
func (w *writer) appendAt(ctx context.Context, name eventstore.StreamName, request write) (written, error) {
	expected := eventstore.NoStream
	if request.expected >= 0 {
		expected = eventstore.At(eventstore.Revision(request.expected))
	}
	result, err := w.commit(ctx, name, expected, request.events)
	if !errors.Is(err, eventstore.ErrConflict) {
		return result, err
	}
	length, err := w.log.length(ctx, name, w.known.length(name))
	if err != nil {
		return written{}, err
	}
	return written{}, &wrongVersion{request.stream, request.expected, int64(length) - 1}
}

// appendAnyhow appends for a client that does not know where the stream is. It
// has written these events before if the ids say so.
func (w *writer) appendAnyhow(ctx context.Context, name eventstore.StreamName, request write, current int64) (written, error) {
	first, known := w.known.event(name, request.events[0].ID)
	if !known {
		return w.commit(ctx, name, behind(current), request.events)
	}
	last := first
	for _, e := range request.events[1:] {
		if last, known = w.known.event(name, e.ID); !known {
			return written{}, &wrongVersion{request.stream, request.expected, current}
		}
	}
	return written{any: true, revision: uint64(last.Revision), position: last.Position}, nil
}

// appendToDeleted begins a stream anew: its revisions go on, and those from
// before stay hidden.
func (w *writer) appendToDeleted(ctx context.Context, name eventstore.StreamName, request write, current int64) (written, error) {
	if request.expected >= 0 && int64(request.expected) != current {
		return w.appendAt(ctx, name, request) // a repetition, or wrong
	}
	result, err := w.commit(ctx, name, behind(current), request.events)
	if err != nil {
		return written{}, err
	}
	_, err = w.setFirst(ctx, request.stream, uint64(current+1))
	return result, err
}

func (w *writer) appendNothing(request write, current int64) (written, error) {
	if request.expected >= expectNoStream && int64(request.expected) != current {
		return written{}, &wrongVersion{request.stream, request.expected, current}
	}
	return written{any: current != noStream, revision: uint64(max(current, 0))}, nil
}

// commit appends to the store.
func (w *writer) commit(ctx context.Context, name eventstore.StreamName, expected eventstore.Expected, events []eventstore.Event) (written, error) {
	if err := putApart(ctx, w.log.store, events); err != nil {
		return written{}, err
	}
	appended, err := w.log.store.Append(ctx, name, expected, events...)
	if errors.Is(err, eventstore.ErrTooLarge) {
		return written{}, appendTooLarge(maxAppendBytes)
	}
	if err != nil {
		return written{}, err
	}
	w.known.add(name, expected.Next(), appended, events)
	w.log.reached(appended.Position)
	return written{any: true, revision: uint64(appended.Revision), position: appended.Position}, nil
}

// setFirst hides the revisions of a stream before one.
func (w *writer) setFirst(ctx context.Context, stream string, first uint64) (written, error) {
	name, ok := w.log.view.stored(metadataPrefix + stream)
	if !ok {
		return written{}, invalid("the stream name is too long")
	}
	length, err := w.log.length(ctx, name, w.known.length(name))
	if err != nil {
		return written{}, err
	}
	return w.commit(ctx, name, behind(int64(length)-1), []eventstore.Event{
		newEvent("$metadata", content{json: true, data: fmt.Appendf(nil, `{"$tb":%d}`, first)}),
	})
}

func behind(current int64) eventstore.Expected {
	if current == noStream {
		return eventstore.NoStream
	}
	return eventstore.At(eventstore.Revision(current))
}

// timedOut tells the end of our own patience from other errors.
func timedOut(ctx context.Context, err error) error {
	if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return serverTimeout()
	}
	return err
}
