package verify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errReplaced says that the model under comparison is not there any more:
// another generation was switched to, or an older copy restored. It begins
// again with what is there.
var errReplaced = errors.New("the model was replaced while it was being read")

// snapshot is what keys were read with: the checkpoint that they are of.
type snapshot struct {
	current, checkpoint, sum *redis.StringCmd
	hasKeys                  *redis.BoolCmd // the set of keys is there from the first batch on
}

// read reads keys together with the checkpoint that they are of, in one
// transaction. Queue adds the commands that read the keys. Before they are
// compared, the model must advance to the snapshot.
func (s *session) read(ctx context.Context, model string, queue func(redis.Pipeliner)) (snapshot, error) {
	pipe := s.client.TxPipeline()
	read := snapshot{
		current:    pipe.Get(ctx, s.layout.current()),
		checkpoint: pipe.Get(ctx, s.layout.key("checkpoint", model)),
		sum:        pipe.Get(ctx, s.layout.key("sum", model)),
		hasKeys:    pipe.SIsMember(ctx, s.layout.key("keys", model), ""),
	}
	queue(pipe)
	if _, err := pipe.Exec(ctx); err != nil && !isAnswer(err) {
		return snapshot{}, unreadable(err)
	}
	return read, nil
}

// seek moves a model to the checkpoint that it has.
func (s *session) seek(ctx context.Context, model *modelOf) error {
	now, err := s.read(ctx, model.name, func(redis.Pipeliner) {})
	if err != nil {
		return err
	}
	return s.advance(model, now)
}

// advance moves a model to a snapshot, unless it is of something else.
func (s *session) advance(model *modelOf, to snapshot) error {
	if err := s.checkCurrent(to.current); err != nil {
		return err
	}
	text, err := to.checkpoint.Result()
	switch {
	case errors.Is(err, redis.Nil) && model.text == "":
		return fmt.Errorf("%w of %s, %s is missing: start `daybook serve` with this --redis, or run `daybook rebuild`",
			ErrNoModel, model.name, s.layout.key("checkpoint", model.name))
	case errors.Is(err, redis.Nil):
		return errReplaced
	case err != nil:
		return unreadable(err)
	case text != model.text:
		if err := s.accept(model, text); err != nil {
			return err
		}
	}
	if !to.hasKeys.Val() {
		return s.reject(model, "the model has no %s, as one of an earlier daybook: `daybook serve` fills it again", s.layout.key("keys", model.name))
	}
	return s.checkSum(model, to.sum)
}

// checkCurrent fails if another generation is current than when the comparison
// began.
func (s *session) checkCurrent(current *redis.StringCmd) error {
	generation, err := parseCurrent(current)
	if err != nil {
		return err
	}
	if generation != s.current {
		return errReplaced
	}
	return nil
}

// parseCurrent reads which generation is current; 1 if nothing says so.
func parseCurrent(current *redis.StringCmd) (uint64, error) {
	text, err := current.Result()
	if errors.Is(err, redis.Nil) {
		return 1, nil
	}
	if err != nil {
		return 0, unreadable(err)
	}
	generation, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is %.40q, which is no generation: `daybook serve` and `daybook rebuild` set it again", ErrNoModel, current.Args()[1], text)
	}
	return generation, nil
}

// isAnswer reports whether an error is what Redis says of one command, and not
// that it could not be asked.
func isAnswer(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer) || errors.Is(err, redis.Nil)
}

func unreadable(err error) error { return fmt.Errorf("%w: %w", ErrUnreadable, err) }

// pagesAhead bounds the pages of keys that wait while other keys are compared.
const pagesAhead = 32

// scan passes on the keys of the generation that match a pattern, in pages. A
// key may come twice.
func (s *session) scan(ctx context.Context, pattern string, page func(keys []string) error) error {
	return ahead(ctx, pagesAhead, func(ctx context.Context, later func(func() error) error) error {
		for cursor := uint64(0); ; {
			keys, next, err := s.client.Scan(ctx, cursor, pattern, scanCount).Result()
			if err != nil {
				return unreadable(err)
			}
			if len(keys) > 0 {
				if err := later(func() error { return page(keys) }); err != nil {
					return err
				}
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	})
}

// scanSet passes on the keys that the set of a model names, in pages.
func (s *session) scanSet(ctx context.Context, model string, page func(keys []string) error) error {
	for cursor := uint64(0); ; {
		members, next, err := s.client.SScan(ctx, s.layout.key("keys", model), cursor, "", scanCount).Result()
		if err != nil {
			return unreadable(err)
		}
		keys := make([]string, 0, len(members))
		for _, member := range members {
			if kind, name, _ := strings.Cut(member, ":"); member != "" {
				keys = append(keys, s.layout.key(kind, name))
			}
		}
		if err := page(keys); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// nodeOf returns the server that has the keys: all have one slot of a cluster,
// and SCAN asks one server only.
func nodeOf(ctx context.Context, client redis.UniversalClient, key string) (redis.UniversalClient, error) {
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		return client, nil
	}
	node, err := cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, unreadable(err)
	}
	return node, nil
}
