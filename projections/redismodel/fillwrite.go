package redismodel

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// fillWith writes one batch of a filling, and notes the checkpoint behind it.
// A reader of what was filled waits meanwhile.
func (m *Model) fillWith(ctx context.Context, b *Batch, to place) error {
	m.filling.Lock()
	defer m.filling.Unlock()
	if err := m.transact(ctx, m.stored, to, b); err != nil {
		return err
	}
	m.stored = to
	return nil
}

// transact is write with a transaction in the place of the script.
func (m *Model) transact(ctx context.Context, from, to place, b *Batch) error {
	answer, err := b.transact(ctx, m.store.writer, m.guards(m.Generation()), m.expected().String(), from, to)
	switch {
	case errors.Is(err, errHalfWritten):
		return m.spoil(ctx, to, err)
	case redis.IsExecAbortError(err): // the script is told why
		return m.write(ctx, from, to, b)
	case err != nil:
		return m.store.failed("write to", err)
	}
	return m.outcome(answer)
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
