package redismodel

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// filled is a batch of a filling, and the place behind it.
type filled struct {
	batch *Batch
	to    place
}

// fillWith writes the batches of a filling.
func (m *Model) fillWith(ctx context.Context, batches <-chan filled) error {
	var fault error
	err := m.inSession(ctx, func(s *session) error {
		for b := range batches {
			if fault = m.fillOne(ctx, s, b); fault != nil {
				break
			}
		}
		return fault
	})
	if err != nil && fault == nil { // there was no session
		fault = m.store.failed("write to", err)
	}
	return fault
}

// fillOne writes one batch, and notes the checkpoint behind it. A reader of what
// was filled waits meanwhile.
func (m *Model) fillOne(ctx context.Context, s *session, b filled) error {
	m.filling.Lock()
	defer m.filling.Unlock()
	answer, err := s.write(ctx, b.batch, m.stored, b.to)
	switch {
	case errors.Is(err, errHalfWritten):
		err = m.spoil(ctx, b.to, err)
	case redis.IsExecAbortError(err): // the script is told why
		err = m.write(ctx, m.stored, b.to, b.batch)
		s.look(ctx)
	case err != nil:
		err = m.store.failed("write to", err)
	default:
		err = m.outcome(answer)
	}
	if err == nil {
		m.stored = b.to
	}
	return err
}

// spoil marks a generation that a batch was half written to, as the script
// does. If this process ends before, the comparison behind a filling finds
// what is wrong.
func (m *Model) spoil(ctx context.Context, from place, cause error) error {
	fault := fmt.Errorf("write to %s: %w: %w", m.store, ErrUnusable, cause)
	return errors.Join(fault, m.write(ctx, from, place{"unusable: " + cause.Error(), from.reached}, m.NewBatch()))
}

// ReadFilled reads keys of a generation that is filled, also while another
// goroutine is in Fill. What it returns of a key is what a batch has written,
// not of which checkpoint that is: the caller asks for keys that no batch of
// the Fill has.
func (m *Model) ReadFilled(ctx context.Context, commands func(redis.Pipeliner, Generation)) error {
	m.filling.Lock()
	defer m.filling.Unlock()
	v, err := m.view(ctx, m.store.writer, &m.loaded, locking, commands)
	if err != nil {
		return err
	}
	if v.place != m.stored {
		return m.moved(v.Checkpoint)
	}
	return nil
}
