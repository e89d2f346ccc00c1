package redismodel

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// scanCount is how many keys Redis looks at in one step of a scan, and the
// most that one step deletes, so that it is never blocked for long.
const scanCount = 1000

// Switch makes a generation current in one step, if another one still is;
// otherwise it changes nothing and returns an ErrSwitched. If the answer was
// lost it may have happened: Current tells.
func (s *Store) Switch(ctx context.Context, from, to Generation) error {
	switched, err := switchScript.Run(ctx, s.writer, []string{s.CurrentKey()}, from.String(), to.String()).Int()
	if err != nil {
		return s.failed("switch the generation of", err)
	}
	if switched == 0 {
		return fmt.Errorf("switch from generation %s to %s: %w", from, to, ErrSwitched)
	}
	return nil
}

// Drop deletes a generation that is not current, in steps of at most a
// thousand keys, and calls progress, if it is not nil, with the number of keys
// deleted so far. It may be broken off and called again: the checkpoints go
// first, so that nobody takes what is left for a model. The current generation
// is refused with an ErrSwitched.
func (s *Store) Drop(ctx context.Context, g Generation, progress func(deleted int)) error {
	deleted := 0
	for _, pattern := range []string{s.pattern(g) + KindCheckpoint + ":*", s.pattern(g) + "*"} {
		for keys, err := range s.scan(ctx, pattern) {
			if err != nil {
				return err
			}
			n, err := unlinkScript.Run(ctx, s.writer, append([]string{s.CurrentKey()}, keys...), g.String()).Int()
			switch {
			case err != nil:
				return s.failed(fmt.Sprintf("drop generation %s of", g), err)
			case n < 0:
				return fmt.Errorf("drop generation %s: %w: it is current", g, ErrSwitched)
			}
			deleted += n
			if progress != nil {
				progress(deleted)
			}
		}
	}
	return nil
}

// IsEmpty reports whether a generation has no key.
func (s *Store) IsEmpty(ctx context.Context, g Generation) (bool, error) {
	for keys, err := range s.scan(ctx, s.pattern(g)+"*") {
		if err != nil || len(keys) > 0 {
			return false, err
		}
	}
	return true, nil
}

// Generations returns those that have a key, in order.
func (s *Store) Generations(ctx context.Context) ([]Generation, error) {
	found := make(map[Generation]bool)
	for keys, err := range s.scan(ctx, s.prefix+":*") {
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			number, _, isGeneration := strings.Cut(strings.TrimPrefix(key, s.prefix+":"), ":")
			if g, err := parseGeneration(number); err == nil && isGeneration && number != "" {
				found[g] = true
			}
		}
	}
	generations := make([]Generation, 0, len(found))
	for g := range found {
		generations = append(generations, g)
	}
	slices.Sort(generations)
	return generations, nil
}

// Keys delivers the keys of one kind in a generation. A key that is there
// during the whole scan comes at least once, and may come twice. An error is
// the last element.
func (s *Store) Keys(ctx context.Context, g Generation, kind string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for keys, err := range s.scan(ctx, s.pattern(g)+kind+":*") {
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range keys {
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}

func (s *Store) pattern(g Generation) string { return s.prefix + ":" + g.String() + ":" }

// scan delivers the keys of a pattern, up to scanCount together.
func (s *Store) scan(ctx context.Context, pattern string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		node, err := s.node(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for cursor := uint64(0); ; {
			var keys []string
			if keys, cursor, err = node.Scan(ctx, cursor, pattern, scanCount).Result(); err != nil {
				yield(nil, s.failed("scan", err))
				return
			}
			for some := range slices.Chunk(keys, scanCount) { // COUNT is a hint
				if !yield(some, nil) {
					return
				}
			}
			if cursor == 0 {
				return
			}
		}
	}
}

// node returns the client of the server that has the keys: SCAN is about one
// server, also in a cluster.
func (s *Store) node(ctx context.Context) (redis.Cmdable, error) {
	cluster, isCluster := s.writer.(*redis.ClusterClient)
	if !isCluster {
		return s.writer, nil
	}
	node, err := cluster.MasterForKey(ctx, s.CurrentKey())
	if err != nil {
		return nil, s.failed("find the node of", err)
	}
	return node, nil
}
