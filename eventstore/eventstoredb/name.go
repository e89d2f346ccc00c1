package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"daybook/eventstore"
)

// named remembers that the log has its first event, which gives it an id.
type named struct{ done atomic.Bool }

// ensureNamed writes the log's first event, unless it is there. Of several
// stores that do so at once, one succeeds, and all go on with its id.
func (s *Store) ensureNamed(ctx context.Context) error {
	if s.readOnly || s.named.done.Load() {
		return nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.name(ctx); err != nil {
		return fmt.Errorf("name the log: %w", err)
	}
	s.named.done.Store(true)
	return nil
}

func (s *Store) name(ctx context.Context) error {
	for event, err := range s.stream(ctx, eventstore.LogStream, 0, eventstore.MustExist) {
		return s.checkKind(event, err) // it has a name, or was deleted
	}
	first, err := eventstore.NewLog(s.clock.read(), s.sandbox)
	if err != nil {
		return err
	}
	_, err = s.append(ctx, eventstore.LogStream, eventstore.NoStream, propose([]eventstore.Event{first}, s.clock.read()))
	if errors.Is(err, eventstore.ErrConflict) {
		return s.awaitName(ctx) // somebody else has just named it
	}
	return err
}

// awaitName waits for a name that others have given. A cluster judges appends by
// what is being written, and shows only what most of it has.
func (s *Store) awaitName(ctx context.Context) error {
	wait := newWait()
	for {
		for event, err := range s.stream(ctx, eventstore.LogStream, 0) {
			return s.checkKind(event, err)
		}
		if err := pause(ctx, wait.NextBackOff()); err != nil {
			return fmt.Errorf("%w: wait for the name that others have given it: %w", eventstore.ErrUnavailable, err)
		}
	}
}

// checkKind refuses a log that is a sandbox's for a live one, or a live one for a
// sandbox's.
func (s *Store) checkKind(first eventstore.Recorded, err error) error {
	if err != nil {
		return err
	}
	created, err := eventstore.ParseCreated(first)
	if err != nil {
		return err
	}
	return created.CheckKind(s.sandbox)
}
