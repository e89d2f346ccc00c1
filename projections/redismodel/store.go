package redismodel

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"daybook/projections/follow"

	"github.com/redis/go-redis/v9"
)

// Store is what is kept under one prefix in a Redis. Its methods may be called
// from any number of goroutines.
type Store struct {
	prefix         string
	where          string
	writer, reader redis.UniversalClient // apart, so that neither waits for the other's connections
	evicts         atomic.Bool           // as was last seen by checkPolicy
}

// Close ends the connections.
func (s *Store) Close() error { return errors.Join(s.writer.Close(), s.reader.Close()) }

// String says where the store is, without secrets.
func (s *Store) String() string { return fmt.Sprintf("redis at %s under %s", s.where, s.prefix) }

// Client returns a client for reading the keys.
func (s *Store) Client() redis.UniversalClient { return s.reader }

// Check reports whether Redis can be reached and can keep a model. The error
// is an ErrEvicts if it could delete one.
func (s *Store) Check(ctx context.Context) error {
	if err := s.writer.Ping(ctx).Err(); err != nil {
		return s.failed("reach", err)
	}
	return nil
}

// failed describes an error of Redis: that it cannot be reached, or must not or
// cannot keep a model.
func (s *Store) failed(doing string, err error) error {
	if redis.HasErrorPrefix(err, "EXECABORT") { // go-redis keeps the reason to itself
		err = fmt.Errorf("%w (Redis is full: OOM, raise maxmemory; or it is loading)", err)
	}
	return &follow.Fault{
		Reason: reasonOf(err),
		Err:    fmt.Errorf("%s %s: %w: %w", doing, s, follow.ErrUnreachable, err),
	}
}

// Key returns the key of a generation for what a kind has under a name. The
// name of a user is encoded with ident.Escape.
func (s *Store) Key(g Generation, kind, name string) string {
	return s.prefix + ":" + g.String() + ":" + kind + ":" + name
}

// Name returns the name in a key that Key has returned.
func (s *Store) Name(key string) string {
	_, name, _ := strings.Cut(strings.TrimPrefix(key, s.prefix+":"), ":") // the generation
	_, name, _ = strings.Cut(name, ":")                                   // the kind
	return name
}

// CurrentKey is the key that says which generation to read.
func (s *Store) CurrentKey() string { return s.prefix + ":current" }

// Current returns the generation to read.
func (s *Store) Current(ctx context.Context) (Generation, error) {
	text, err := s.writer.Get(ctx, s.CurrentKey()).Result()
	switch {
	case isWrongType(err):
		return 0, errCurrent
	case err != nil && !isNil(err):
		return 0, s.failed("read the current generation in", err)
	}
	return parseGeneration(text)
}

// errCurrent says that current is not the number of a generation. Load and
// MendCurrent put another one in its place.
var errCurrent = fmt.Errorf("%w: current is not the number of a generation, and is set again", follow.ErrUnreachable)

// parseGeneration reads what is stored in current.
func parseGeneration(text string) (Generation, error) {
	if text == "" {
		return 1, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 || text != strconv.FormatUint(n, 10) {
		return 0, errCurrent
	}
	return Generation(n), nil
}

// MendCurrent makes a generation current if what is stored is not the number of
// one, or if nothing is, which otherwise means 1. It reports whether it has done
// so.
func (s *Store) MendCurrent(ctx context.Context, to Generation) (bool, error) {
	n, err := currentScript.Run(ctx, s.writer, []string{s.CurrentKey()}, to.String()).Int()
	if err != nil {
		return false, s.failed("mend the current generation of", err)
	}
	return n == 1, nil
}

// Likeliest returns the generation that is current or, if that is not known, the
// one that was most likely: of those that have a checkpoint the newest that is
// whole, else the newest that is not in the middle of being filled. If there is
// none, it is 1. Where current is missing, which is usual before a first rebuild
// has ended, others than 1 have to be whole, and 1 must have no checkpoint: what
// they have is else of a rebuild that fills them.
func (s *Store) Likeliest(ctx context.Context) (Generation, error) {
	text, missing := s.writer.Get(ctx, s.CurrentKey()).Result()
	if missing != nil && !isOfOneKey(missing) {
		return 0, s.failed("read the current generation in", missing)
	}
	if g, err := parseGeneration(text); err == nil && text != "" {
		return g, nil
	}
	likeliest, most := Generation(1), 0
	for keys, err := range s.scan(ctx, s.prefix+":*:"+KindCheckpoint+":*") {
		if err != nil {
			return 0, err
		}
		for _, key := range keys {
			g, projection, ok := s.checkpointOf(key)
			if !ok {
				continue
			}
			likelihood, err := s.likelihood(ctx, g, projection)
			if err != nil {
				return 0, err
			}
			if isNil(missing) && g == 1 && likelihood > 0 {
				return 1, nil
			}
			if isNil(missing) && likelihood < likelihoodOfWhole {
				continue
			}
			if likelihood > most || likelihood > 0 && likelihood == most && g > likeliest {
				likeliest, most = g, likelihood
			}
		}
	}
	return likeliest, nil
}

// checkpointOf returns the generation and the projection in the key of a
// checkpoint.
func (s *Store) checkpointOf(key string) (g Generation, projection string, ok bool) {
	number, rest, _ := strings.Cut(strings.TrimPrefix(key, s.prefix+":"), ":")
	kind, projection, _ := strings.Cut(rest, ":")
	g, err := parseGeneration(number)
	return g, projection, err == nil && number != "" && kind == KindCheckpoint
}

// likelihood says of a generation by its model of a projection how likely it is
// that it was current: 0 if it has no checkpoint.
func (s *Store) likelihood(ctx context.Context, g Generation, projection string) (int, error) {
	found, err := s.writer.MGet(ctx, s.Key(g, KindCheckpoint, projection), s.Key(g, KindWhole, projection)).Result()
	if err != nil {
		return 0, s.failed("look for checkpoints in", err)
	}
	checkpoint, _ := found[0].(string)
	switch _, err := DecodeCheckpoint(checkpoint); {
	case checkpoint == "":
		return 0, nil
	case err != nil:
		return 1, nil
	case found[1] == nil:
		return 2, nil
	}
	return likelihoodOfWhole, nil
}

// likelihoodOfWhole is the highest.
const likelihoodOfWhole = 3

// Checkpoint returns how far a generation's model of a projection has come;
// zero if it is empty. With an ErrLost it may still say of which log it is.
func (s *Store) Checkpoint(ctx context.Context, g Generation, projection string) (follow.Checkpoint, error) {
	found, err := asLook(s.writer.MGet(ctx, s.CurrentKey(), s.Key(g, KindCheckpoint, projection), s.Key(g, KindSum, projection)))
	if err != nil {
		return follow.Checkpoint{}, s.failed("read a checkpoint in", err)
	}
	c, err := DecodeCheckpoint(found.checkpoint)
	if err != nil {
		return follow.Checkpoint{LogID: logOf(found.checkpoint)}, err
	}
	if found.checkpoint != "" && found.sum != (place{found.checkpoint, uint64(c.Position)}).sum() {
		err = fmt.Errorf("generation %s of %s in %s: %w", g, projection, s, ErrTorn)
	}
	return c, err
}
