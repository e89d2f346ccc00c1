package redismodel

import (
	"context"
	"fmt"

	"daybook/projections/follow"

	"github.com/redis/go-redis/v9"
)

// audit is where a model stands in looking for keys that are missing. It is of
// the goroutine that projects.
type audit struct {
	run        string     // of Redis, as Load has last heard it
	clean      string     // the run as of which no key was missing; "" is not known
	marked     string     // generation and run that Redis has in whole; "" is none
	generation Generation // that the cursor is of
	cursor     uint64
	isUrgent   bool   // the run is not the clean one: all pages at once
	began      string // the run when that began
	isDue      bool   // a page is to be looked at
}

// heard notes the run of Redis, once for each Load: a page a second.
func (a *audit) heard(run string) { a.run, a.isDue = run, true }

// begun notes that a generation is empty: whatever is there is written from
// here on.
func (a *audit) begun(g Generation) {
	*a = audit{run: a.run, clean: a.run, generation: g}
}

// Inspect looks for keys that are missing, and notes their names. It does a
// part of that and is called again: at once, if there is more to do, because
// Redis was started again or has evicted keys since it was last looked through.
// IsLive says that the model has all of the log. Reason is why the model must
// not be called whole.
func (m *Model) Inspect(ctx context.Context, isLive bool) (state follow.Mending, err error) {
	a := &m.audit
	if g := m.Generation(); a.generation != g {
		a.generation, a.cursor, a.isUrgent = g, 0, false
	}
	if a.clean != a.run && !a.isUrgent {
		if err := m.beginAudit(ctx); err != nil {
			return state, err
		}
	}
	if a.isUrgent || a.isDue {
		if err := m.auditPage(ctx); err != nil {
			return state, err
		}
	}
	switch {
	case m.HasLost():
		state = follow.Mending{Reason: fmt.Sprintf("Redis has lost keys of %d users or orders, or somebody has changed them. They are made again from the log", m.lost.count.Load()), More: true}
	case a.isUrgent:
		state = follow.Mending{Reason: "Redis was started again or has evicted keys. Daybook looks which ones are missing", More: true}
	}
	if state != (follow.Mending{}) {
		return state, m.clearWhole(ctx)
	}
	return state, m.markWhole(ctx, isLive)
}

// beginAudit begins to look through all keys, unless that was done on this run
// of Redis before.
func (m *Model) beginAudit(ctx context.Context) error {
	a := &m.audit
	key := m.Key(a.generation, KindWhole, m.projection)
	if a.clean == "" {
		stored, err := m.store.writer.Get(ctx, key).Result()
		if err != nil && !isOfOneKey(err) {
			return m.store.failed("look through", err)
		}
		if err == nil && stored == a.run {
			a.clean, a.marked = a.run, a.markOf(a.run)
			return nil
		}
	}
	a.isUrgent, a.began, a.cursor, a.marked = true, a.run, 0, unknownMark
	return nil
}

// auditPage looks at a page of the set of keys.
func (m *Model) auditPage(ctx context.Context) error {
	a := &m.audit
	a.isDue = false
	members, next, err := m.store.writer.SScan(ctx, m.Key(a.generation, KindKeys, m.projection), a.cursor, "", scanCount).Result()
	if isWrongType(err) {
		return ErrNotWhole
	}
	if err == nil {
		err = m.findMissing(ctx, members)
	}
	if err != nil {
		return m.store.failed("look through", err)
	}
	if a.cursor = next; next == 0 && a.isUrgent {
		a.isUrgent, a.clean = false, a.began
	}
	return nil
}

// findMissing notes the names of keys that do not exist.
func (m *Model) findMissing(ctx context.Context, members []string) error {
	keys := make([]string, 0, len(members))
	for _, member := range members {
		if member != "" {
			keys = append(keys, m.store.pattern(m.audit.generation)+member)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	n, err := m.store.writer.Exists(ctx, keys...).Result()
	if err != nil || n == int64(len(keys)) {
		return err
	}
	exist := make([]*redis.IntCmd, len(keys))
	_, err = m.store.writer.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			exist[i] = p.Exists(ctx, key)
		}
		return nil
	})
	for i := 0; err == nil && i < len(keys); i++ {
		if exist[i].Val() == 0 {
			m.Suspect(m.store.Name(keys[i]))
		}
	}
	return err
}

func (a *audit) markOf(run string) string { return a.generation.String() + " " + run }

// unknownMark is that of another process, which may be there.
const unknownMark = "?"

// markWhole says in Redis that the model is whole, once it has all of the log.
func (m *Model) markWhole(ctx context.Context, isLive bool) error {
	a := &m.audit
	if !isLive || a.marked == a.markOf(a.clean) {
		return nil
	}
	a.marked = unknownMark
	if err := m.store.MarkWhole(ctx, a.generation, m.projection, m.expected(), a.clean); err != nil {
		return err
	}
	a.marked = a.markOf(a.clean)
	return nil
}

// clearWhole takes that back.
func (m *Model) clearWhole(ctx context.Context) error {
	if m.audit.marked == "" {
		return nil
	}
	if err := m.store.writer.Unlink(ctx, m.Key(m.audit.generation, KindWhole, m.projection)).Err(); err != nil {
		return m.store.failed("look through", err)
	}
	m.audit.marked = ""
	return nil
}

// MarkWhole says that no key of a generation's model was missing on a run of
// Redis, if the generation that must be current is.
func (s *Store) MarkWhole(ctx context.Context, g Generation, projection string, current Generation, run string) error {
	keys := []string{s.CurrentKey(), s.Key(g, KindCheckpoint, projection), s.Key(g, KindWhole, projection)}
	if err := markScript.Run(ctx, s.writer, keys, current.String(), run).Err(); err != nil {
		return s.failed("look through", err)
	}
	return nil
}
