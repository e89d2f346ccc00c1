package redismodel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"daybook/projections"
)

// Model is what one projection keeps in a store. Load, ReadAt, NewBatch and
// Write are for the one goroutine that projects; Read may be called from any
// number.
type Model struct {
	store      *Store
	target     Target
	projection string
	kinds      []string   // of the keys that it writes
	batch      Batch      // of the goroutine that writes
	fills      [2]Batch   // of Fill: one is written while the other is put together,
	ahead      int        // which is this one
	filling    sync.Mutex // held while a batch of Fill is written; guards stored then
	stored     place      // for Fill; when it was last loaded or filled
	last       atomic.Pointer[decoded]
	shared     shared

	// The generation that was current when it was last loaded, which batches
	// are for, and when it was last read, which may be later.
	loaded, read atomic.Uint64
}

// decoded is a checkpoint and its texts, so that a text is decoded once.
type decoded struct {
	checkpoint projections.Checkpoint
	place      place
	sum        string
}

// NewModel makes a model of a projection. Kinds are those of its keys.
func NewModel(store *Store, target Target, projection string, kinds ...string) *Model {
	m := &Model{store: store, target: target, projection: projection, kinds: kinds}
	m.loaded.Store(uint64(max(target.generation, 1)))
	m.read.Store(m.loaded.Load())
	m.last.Store(new(decoded))
	return m
}

// Key returns the key of a generation for what a kind has under a name.
func (m *Model) Key(g Generation, kind, name string) string { return m.store.Key(g, kind, name) }

// Load returns the stored checkpoint of the generation that is current, or of
// the one that the model is opened on. What is left of a model without a
// checkpoint is deleted, because it would be counted twice. After an ErrTorn
// there is no checkpoint.
func (m *Model) Load(ctx context.Context) (projections.Checkpoint, error) {
	if err := m.store.checkPolicy(ctx); err != nil {
		return projections.Checkpoint{}, fmt.Errorf("projection %s: %w", m.projection, err)
	}
	v, err := m.view(ctx, m.store.writer, &m.loaded, looking, nil)
	if errors.Is(err, ErrTorn) {
		err = errors.Join(err, m.discard(ctx, v))
	}
	if err != nil {
		return projections.Checkpoint{}, fmt.Errorf("projection %s: %w", m.projection, err)
	}
	m.stored = v.place
	if v.place.text == "" {
		if err := m.sweep(ctx); err != nil {
			return projections.Checkpoint{}, fmt.Errorf("projection %s: %w", m.projection, err)
		}
	}
	return v.Checkpoint, nil
}

func (m *Model) moved(from projections.Checkpoint) error {
	return fmt.Errorf("%w: position %s of generation %s is not what is stored in %s",
		projections.ErrCheckpointMoved, from.Position, m.Generation(), m.store)
}

// Generation returns the one that batches are written to. Load alone changes
// it.
func (m *Model) Generation() Generation { return Generation(m.loaded.Load()) }

// NewBatch returns an empty batch for the generation that was loaded. There is
// one at a time.
func (m *Model) NewBatch() *Batch {
	m.batch.reset(m.store.pattern(m.Generation()))
	return &m.batch
}

// Write writes a batch with its checkpoint, if the generation that was loaded
// is current and the stored checkpoint is from. Otherwise it writes nothing,
// and returns a projections.ErrCheckpointMoved. After any other error the
// batch may have been written or not; never in part.
func (m *Model) Write(ctx context.Context, from, to projections.Checkpoint, b *Batch) error {
	start, err := placeOf(from)
	if err != nil {
		return err
	}
	end, err := placeOf(to)
	if err != nil {
		return err
	}
	return m.write(ctx, start, end, b)
}

// guards are the keys that are looked at before anything is read or written.
func (m *Model) guards(g Generation) []string {
	return []string{m.store.CurrentKey(), m.store.Key(g, KindCheckpoint, m.projection), m.store.Key(g, KindSum, m.projection)}
}

// expected returns the generation that has to be current for a script to write.
func (m *Model) expected() Generation {
	if m.target.generation != 0 {
		return m.target.current
	}
	return m.Generation()
}

// discard deletes the checkpoint of a model that was found to be torn.
func (m *Model) discard(ctx context.Context, found View) error {
	err := discardScript.Run(ctx, m.store.writer, m.guards(found.Generation), m.expected().String(), found.place.text, found.place.sum()).Err()
	if err != nil {
		return m.store.failed("clear", err)
	}
	return nil
}

// sweep deletes what a model without a checkpoint has left.
func (m *Model) sweep(ctx context.Context) error {
	if err := m.sweepKeys(ctx, nil); err != nil {
		return err
	}
	for _, kind := range m.kinds {
		for keys, err := range m.store.scan(ctx, m.store.pattern(m.Generation())+kind+":*") {
			if err != nil {
				return err
			}
			if err := m.sweepKeys(ctx, keys); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepKeys deletes the sum, and keys.
func (m *Model) sweepKeys(ctx context.Context, keys []string) error {
	n, err := sweepScript.Run(ctx, m.store.writer, append(m.guards(m.Generation()), keys...), m.expected().String()).Int()
	if err != nil {
		return m.store.failed("clear", err)
	}
	if n < 0 {
		return m.moved(projections.Checkpoint{}) // somebody has begun
	}
	return nil
}
