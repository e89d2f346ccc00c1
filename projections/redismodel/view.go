package redismodel

import (
	"context"
	"fmt"
	"sync/atomic"

	"daybook/projections/follow"

	"github.com/redis/go-redis/v9"
)

// View is one moment of a model.
type View struct {
	Generation Generation
	Checkpoint follow.Checkpoint
	place      place
}

// IsEmpty reports whether the model has no checkpoint, and thus nothing.
func (v View) IsEmpty() bool { return v.place.text == "" }

// ReadAlone is Read without company, for answers so long that others should
// not wait for them.
func (m *Model) ReadAlone(ctx context.Context, commands func(redis.Pipeliner, Generation)) (View, error) {
	return m.view(ctx, m.store.reader, &m.read, optimistic, commands)
}

// ReadAt is Read for a batch that starts from a checkpoint: if another one is
// stored, or another generation is current, it returns a
// follow.ErrCheckpointMoved.
func (m *Model) ReadAt(ctx context.Context, from follow.Checkpoint, commands func(redis.Pipeliner, Generation)) error {
	loaded := m.Generation()
	var generation atomic.Uint64
	generation.Store(uint64(loaded))
	v, err := m.view(ctx, m.store.writer, &generation, transactional, commands)
	if err != nil {
		return err
	}
	if v.Generation != loaded || v.Checkpoint != from {
		return m.moved(from)
	}
	return nil
}

// consistency is how several keys are read as they are at one moment.
type consistency bool

const (
	// optimistic reads compare the checkpoint before and after. Every batch changes
	// it, so that nothing was written in between if it is the same. They cost little,
	// and are answered also while Redis is full.
	optimistic consistency = false

	// transactional reads are a transaction. A batch rests on them, and a reader
	// falls back to them when optimistic reads keep failing.
	transactional consistency = true
)

// tries bounds how often a read is repeated because the model has changed
// under it. The last one is a transaction.
const tries = 5

// view reads the generation that is current. Known is the one that it was, and
// becomes the one that it is.
func (m *Model) view(ctx context.Context, client redis.UniversalClient, known *atomic.Uint64, how consistency, commands func(redis.Pipeliner, Generation)) (View, error) {
	if m.store.evicts.Load() {
		return View{}, m.store.failed("read", ErrEvicts)
	}
	for try := range tries {
		g := Generation(known.Load())
		if try == tries-1 {
			how = transactional
		}
		found, still, err := m.ask(ctx, client, g, how, commands)
		if err != nil {
			return View{}, m.store.failed("read", err)
		}
		stored, err := parseGeneration(found.current)
		switch {
		case err != nil:
			return View{}, err
		case m.target.generation == 0 && stored != g:
			known.Store(uint64(stored))
			continue
		case m.target.generation != 0 && stored != m.target.current:
			return View{}, fmt.Errorf("%w: %s, not %s", ErrSwitched, stored, m.target.current)
		case !still:
			continue
		}
		return m.decode(g, found)
	}
	return View{}, m.store.failed("read", errRestless)
}

// errRestless is more switches of the generation than anybody can want.
var errRestless = fmt.Errorf("%w: it changes with every read", ErrSwitched)

// look is what one look at the stored model says.
type look struct{ current, checkpoint, sum string }

// ask runs commands and looks at the model behind them, and reports whether
// the checkpoint is still what it was before them; in a transaction it is.
// Without commands there is only the look. A key that does not exist, or is of
// another type, is no error.
func (m *Model) ask(ctx context.Context, client redis.UniversalClient, g Generation, how consistency, commands func(redis.Pipeliner, Generation)) (found look, still bool, err error) {
	keys := m.looks(g)
	if commands == nil {
		found, err = asLook(client.MGet(ctx, keys...))
		return found, true, err
	}
	var before *redis.StringCmd
	var after *redis.SliceCmd
	pipelined := client.Pipelined
	if how == transactional {
		pipelined = client.TxPipelined
	}
	results, err := pipelined(ctx, func(p redis.Pipeliner) error {
		if how == optimistic {
			before = p.Get(ctx, keys[1])
		}
		commands(p, g)
		after = p.MGet(ctx, keys...)
		return nil
	})
	for _, result := range results { // err is the first, which may be about one key
		if err == nil || isOfOneKey(err) {
			err = result.Err()
		}
	}
	if err != nil && !isOfOneKey(err) {
		return look{}, false, err
	}
	found, err = asLook(after)
	return found, how == transactional || before.Val() == found.checkpoint, err
}

// isOfOneKey reports whether an error says something of the key of one command
// alone, which is for the caller to judge.
func isOfOneKey(err error) bool { return isNil(err) || isWrongType(err) }

// asLook reads the values of a look. What does not exist is empty.
func asLook(values *redis.SliceCmd) (look, error) {
	all, err := values.Result()
	if err != nil {
		return look{}, err
	}
	if len(all) != 3 {
		return look{}, fmt.Errorf("%w: MGET of three keys has %d values", ErrUnusable, len(all))
	}
	current, _ := all[0].(string)
	checkpoint, _ := all[1].(string)
	sum, _ := all[2].(string)
	return look{current, checkpoint, sum}, nil
}

// decode reads what a look has found, which is usually the same as the last
// time. The view is also that of an ErrLost.
func (m *Model) decode(g Generation, found look) (View, error) {
	last := m.last.Load()
	if last.place.text != found.checkpoint {
		c, err := DecodeCheckpoint(found.checkpoint)
		if err != nil {
			return View{Generation: g, Checkpoint: follow.Checkpoint{LogID: logOf(found.checkpoint)}, place: place{text: found.checkpoint}}, err
		}
		last = &decoded{checkpoint: c, place: place{found.checkpoint, uint64(c.Position)}}
		last.sum = last.place.sum()
		m.last.Store(last)
	}
	v := View{Generation: g, Checkpoint: last.checkpoint, place: last.place}
	if found.checkpoint != "" && found.sum != last.sum {
		return v, fmt.Errorf("generation %s of %s in %s: %w", g, m.projection, m.store, ErrTorn)
	}
	return v, nil
}
