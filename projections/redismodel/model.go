package redismodel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"daybook/projections/follow"

	"github.com/redis/go-redis/v9"
)

// Model is what one projection keeps in a store. Load, ReadAt, NewBatch and
// Write are for the one goroutine that projects; Read may be called from any
// number.
type Model struct {
	store      *Store
	target     Target
	projection string
	kinds      []string // of the keys that it writes
	isFresh    bool     // nothing was stored when it was last loaded
	last       atomic.Pointer[decoded]
	shared     shared
	lost       lost
	audit      audit
	broken     View // that Load has found to be lost
	isKnown    bool // which generation is current: Load has seen it

	// The generation that was current when it was last loaded, which batches
	// are for, and when it was last read, which may be later.
	loaded, read atomic.Uint64
}

// decoded is a checkpoint and its texts, so that a text is decoded once.
type decoded struct {
	checkpoint follow.Checkpoint
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
// checkpoint is deleted, because it would be counted twice. With an ErrLost the
// checkpoint says of which log the model is, if that can be read.
func (m *Model) Load(ctx context.Context) (follow.Checkpoint, error) {
	stored, err := m.load(ctx)
	if err != nil {
		err = fmt.Errorf("projection %s: %w", m.projection, err)
	}
	return stored, err
}

func (m *Model) load(ctx context.Context) (follow.Checkpoint, error) {
	run, err := m.store.checkPolicy(ctx)
	if err != nil {
		return follow.Checkpoint{}, err
	}
	v, err := m.lookAtStored(ctx)
	switch {
	case errors.Is(err, follow.ErrLost):
		m.broken = v
		if m.target.generation != 0 { // nobody reads it, and who fills it has looked whose it is
			err = errors.Join(err, m.Discard(ctx))
		}
		return follow.Checkpoint{LogID: v.Checkpoint.LogID}, err
	case err != nil:
		return follow.Checkpoint{}, err
	}
	m.isFresh = v.place.text == ""
	m.audit.heard(run)
	if v.place.text == "" {
		m.audit.begun(m.Generation())
		return v.Checkpoint, m.sweep(ctx)
	}
	return v.Checkpoint, nil
}

// lookAtStored looks at what is stored. A current generation that is none is set to
// the one that was loaded before or, where none was, to the likeliest one; and so
// is one that is missing while generation 1 is empty, because somebody may have
// deleted it.
func (m *Model) lookAtStored(ctx context.Context) (View, error) {
	before := m.expected()
	for try := 0; ; try++ {
		var whole *redis.BoolSliceCmd
		var current *redis.StringCmd
		v, err := m.view(ctx, m.store.writer, &m.loaded, optimistic, func(p redis.Pipeliner, g Generation) {
			whole = p.SMIsMember(ctx, m.Key(g, KindKeys, m.projection), "")
			current = p.Get(ctx, m.store.CurrentKey())
		})
		isNone := errors.Is(err, errCurrent) || err == nil && (isWrongType(current.Err()) || current.Err() == nil && current.Val() == "")
		isMissing := err == nil && isNil(current.Err()) && m.target.generation == 0 && v.IsEmpty()
		if (isNone || isMissing) && try == 0 {
			if err := m.mendCurrent(ctx, before, isMissing); err != nil {
				return View{}, err
			}
			continue
		}
		switch {
		case err != nil || v.place.text == "":
		case m.lost.isTooMuch():
			err = errTooMuch
		case isWrongType(whole.Err()) || !whole.Val()[0]:
			err = ErrNotWhole
		}
		m.isKnown = m.isKnown || err == nil || errors.Is(err, follow.ErrLost)
		return v, err
	}
}

// mendCurrent sets current. Of a store that was emptied, or restored from an older
// copy, what was loaded before says nothing if current is missing.
func (m *Model) mendCurrent(ctx context.Context, to Generation, isMissing bool) (err error) {
	if m.target.generation == 0 && (isMissing || !m.isKnown) {
		if to, err = m.store.Likeliest(ctx); err != nil {
			return err
		}
	}
	_, err = m.store.MendCurrent(ctx, to)
	return err
}

func (m *Model) moved(from follow.Checkpoint) error {
	return fmt.Errorf("%w: position %s of generation %s is not what is stored in %s",
		follow.ErrCheckpointMoved, from.Position, m.Generation(), m.store)
}

// Generation returns the one that batches are written to. Load alone changes
// it.
func (m *Model) Generation() Generation { return Generation(m.loaded.Load()) }

// NewBatch returns an empty batch for the generation that was loaded.
func (m *Model) NewBatch() *Batch { return &Batch{prefix: m.store.pattern(m.Generation())} }

// IsFresh reports whether nothing was stored when the model was last loaded.
func (m *Model) IsFresh() bool { return m.isFresh }

// Write writes a batch with its checkpoint, if the generation that was loaded
// is current and the stored checkpoint is from. Otherwise it writes nothing,
// and returns a follow.ErrCheckpointMoved. After any other error the
// batch may have been written or not; never in part.
func (m *Model) Write(ctx context.Context, from, to follow.Checkpoint, b *Batch) error {
	start, err := placeOf(from)
	if err != nil {
		return err
	}
	end, err := placeOf(to)
	if err != nil {
		return err
	}
	answer, lost, err := b.run(ctx, m.store.writer, m.guards(m.Generation()), m.expected().String(), start, end)
	for _, name := range lost {
		m.Suspect(name)
	}
	switch {
	case redis.HasErrorPrefix(err, "UNUSABLE"):
		return &follow.Fault{Reason: reasonOf(err), Err: fmt.Errorf("write to %s: %w: %w", m.store, ErrUnusable, err)}
	case err != nil:
		return m.store.failed("write to", err)
	}
	return m.outcome(answer)
}

// outcome returns the error that an answer of the script stands for.
func (m *Model) outcome(answer int) error {
	switch {
	case answer == answerWritten:
		return nil
	case answer == answerTorn:
		return fmt.Errorf("write to %s: %w", m.store, ErrTorn)
	case answer == answerNotWhole:
		return fmt.Errorf("write to %s: %w", m.store, ErrNotWhole)
	case answer == answerSwitched && m.target.generation != 0:
		return fmt.Errorf("write to %s: %w than %s", m.store, ErrSwitched, m.target.current)
	}
	return fmt.Errorf("%w: what is stored in %s is not what the batch starts from", follow.ErrCheckpointMoved, m.store)
}

// guards are the keys that are looked at before anything is written.
func (m *Model) guards(g Generation) []string {
	return []string{
		m.store.CurrentKey(), m.store.Key(g, KindCheckpoint, m.projection), m.store.Key(g, KindSum, m.projection),
		m.store.Key(g, KindKeys, m.projection),
	}
}

// looks are those of the guards that are texts, and looked at also before
// anything is read.
func (m *Model) looks(g Generation) []string { return m.guards(g)[:3] }

// expected returns the generation that has to be current for a script to write.
func (m *Model) expected() Generation {
	if m.target.generation != 0 {
		return m.target.current
	}
	return m.Generation()
}

// Discard deletes the checkpoint that Load has found with an ErrLost, so that the
// model is filled again.
func (m *Model) Discard(ctx context.Context) error {
	keys := []string{m.store.CurrentKey(), m.Key(m.broken.Generation, KindCheckpoint, m.projection), m.Key(m.broken.Generation, KindWhole, m.projection)}
	err := discardScript.Run(ctx, m.store.writer, keys, m.expected().String(), m.broken.place.text).Err()
	if err != nil {
		return m.store.failed("clear", err)
	}
	m.lost.clear()
	return nil
}

// sweep deletes what a model without a checkpoint has left.
func (m *Model) sweep(ctx context.Context) error {
	m.lost.clear()
	if err := m.sweepKeys(ctx, []string{m.Key(m.Generation(), KindWhole, m.projection)}); err != nil {
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

// sweepKeys deletes what the model keeps of itself, and keys.
func (m *Model) sweepKeys(ctx context.Context, keys []string) error {
	n, err := sweepScript.Run(ctx, m.store.writer, append(m.guards(m.Generation()), keys...), m.expected().String()).Int()
	if err != nil {
		return m.store.failed("clear", err)
	}
	if n < 0 {
		return m.moved(follow.Checkpoint{}) // somebody has begun
	}
	return nil
}
