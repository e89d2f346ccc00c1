package redismodel

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// textsTogether is how many keys one MSET of a transaction sets.
const textsTogether = 500

// session writes batches one after the other, on one connection, as batchScript
// does, but each in a transaction under WATCH: it takes a third of Redis's time,
// because no text goes through Lua. It is for filling.
//
// Nothing is written unless the checkpoint and the current generation are what
// the script would want, and if either is written to before the transaction, it
// is not run. A command that fails in the middle leaves the others written, as
// in a script.
type session struct {
	tx       *redis.Tx
	guards   []string
	expected string // generation
	now      look   // at the guards, which are watched since
	fault    error  // of that look
}

// inSession gives work a session.
func (m *Model) inSession(ctx context.Context, work func(*session) error) error {
	guards := m.looks(m.Generation())
	return m.store.writer.Watch(ctx, func(tx *redis.Tx) error {
		s := &session{tx: tx, guards: guards, expected: m.expected().String()}
		s.now, s.fault = asLook(tx.MGet(ctx, guards...))
		return work(s)
	}, guards...)
}

// look watches the guards anew, behind something else than write.
func (s *session) look(ctx context.Context) {
	s.fault = s.tx.Unwatch(ctx).Err()
	if s.fault == nil {
		s.fault = s.tx.Watch(ctx, s.guards...).Err()
	}
	if s.fault == nil {
		s.now, s.fault = asLook(s.tx.MGet(ctx, s.guards...))
	}
}

// write writes a batch, which is prepared. The look that the next one rests on
// is taken right behind it, so that each takes one round trip; Redis would be
// idle in any other.
func (s *session) write(ctx context.Context, b *Batch, from, to place) (int, error) {
	switch {
	case s.fault != nil:
		return 0, s.fault
	case s.now.current != s.expected && (s.now.current != "" || s.expected != "1"):
		return answerSwitched, nil
	case s.now.checkpoint != from.text:
		return 0, nil
	case s.now.sum != from.sum():
		return answerTorn, nil
	}
	pipe := s.tx.Pipeline()
	pipe.Do(ctx, "multi") // Do, because what comes at once is QUEUED
	pipe.Do(ctx, "incrby", s.guards[2], from.until(to))
	if from.text == "" {
		pipe.Do(ctx, "sadd", b.set, "")
	}
	for _, command := range b.commands {
		_ = pipe.Process(ctx, command) // is queued
	}
	pipe.Do(ctx, "set", s.guards[1], to.text)
	exec := pipe.Do(ctx, "exec")
	watched := pipe.Do(ctx, append([]any{"watch"}, asAny(s.guards)...)...)
	next := pipe.MGet(ctx, s.guards...)
	_, fault := pipe.Exec(ctx)
	if s.now, s.fault = asLook(next); s.fault == nil {
		s.fault = watched.Err()
	}
	return outcomeOf(exec, fault)
}

// outcomeOf says what became of a transaction by the answer to EXEC. Fault is
// that of what was sent with it, which counts if there is none.
func outcomeOf(exec *redis.Cmd, fault error) (int, error) {
	results, err := exec.Slice()
	if exec.Err() == nil && exec.Val() == nil && fault != nil {
		err = fault
	}
	for _, result := range results {
		if fault, failed := result.(error); failed {
			return 0, fmt.Errorf("%w: %w", errHalfWritten, fault)
		}
	}
	switch {
	case err == nil:
		return answerWritten, nil
	case isNil(err): // a guard was written to
		return 0, nil
	case !isAborted(err) && !isTransport(err):
		return 0, fmt.Errorf("%w: %w", errHalfWritten, err)
	}
	return 0, err
}

func asAny(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

// errHalfWritten says that a command failed in a transaction.
var errHalfWritten = errors.New("a batch failed halfway")

// isAborted reports whether an answer says that a transaction was not run.
func isAborted(err error) bool {
	return redis.IsExecAbortError(err) || isUnfit(err)
}

// argument is a text of a batch as go-redis takes it without copying it: a
// string or a slice in an interface would be allocated.
type argument []byte

// MarshalBinary implements encoding.BinaryMarshaler.
func (a *argument) MarshalBinary() ([]byte, error) { return *a, nil }

// prepare makes the commands of a transaction, which puts texts together. They
// are good for one transaction.
func (b *Batch) prepare(ctx context.Context) {
	b.texts = b.texts[:0]
	for _, spans := range [][]span{b.keys, b.values, b.fresh} {
		for _, s := range spans {
			b.texts = append(b.texts, b.buffer[s.from:s.to])
		}
	}
	b.arguments = slices.Grow(b.arguments[:0], 2*len(b.keys)+len(b.values)+len(b.fresh)+(len(b.keys)+len(b.fresh))/textsTogether*2+4)
	keys, values := b.texts[:len(b.keys)], b.texts[len(b.keys):]
	b.commands = slices.Grow(b.commands[:0], len(keys))
	from, together := 0, 0 // of the command in the making, and its keys if it is MSET
	end := func() {
		if from < len(b.arguments) {
			b.commands = append(b.commands, redis.NewCmd(ctx, b.arguments[from:len(b.arguments):len(b.arguments)]...))
		}
		from, together = len(b.arguments), 0
	}
	for i := range keys {
		command, n := b.shape[shapeBytes*i], int(b.shape[shapeBytes*i+1])
		if command != text || together == 0 || together == textsTogether {
			end()
			b.arguments = append(b.arguments, nameOf(command))
		}
		b.arguments = append(b.arguments, &keys[i])
		first := 0
		if command == listEntries {
			first = 1 // behind the length
		}
		for k := first; k < n; k++ {
			b.arguments = append(b.arguments, &values[k])
		}
		if values = values[n:]; command == text {
			together++
		}
	}
	end()
	for i := range values { // what is left is of the set of keys
		if i%textsTogether == 0 {
			end()
			b.arguments = append(b.arguments, "sadd", b.set)
		}
		b.arguments = append(b.arguments, &values[i])
	}
	end()
}

// nameOf returns the name of a command in a transaction.
func nameOf(command byte) string {
	switch command {
	case hashFields:
		return "hset"
	case listEntries:
		return "rpush"
	case deleted:
		return "unlink"
	}
	return "mset"
}
