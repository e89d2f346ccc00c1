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

// transact does what batchScript does, in a transaction under WATCH: it takes
// more round trips, and a third of Redis's time, because no text goes through
// Lua. It is for filling: nobody waits for these round trips.
//
// Nothing is written unless the checkpoint and the current generation are what
// the script would want, and if either is written to before the transaction, it
// is not run. A command that fails in the middle leaves the others written, as
// in a script.
//
// The batch is prepared.
func (b *Batch) transact(ctx context.Context, client redis.UniversalClient, guards []string, expected string, from, to place) (int, error) {
	answer := 0
	err := client.Watch(ctx, func(tx *redis.Tx) error {
		now, err := asLook(tx.MGet(ctx, guards...))
		switch {
		case err != nil:
			return err
		case now.current != expected && (now.current != "" || expected != "1"):
			answer = answerSwitched
			return nil
		case now.checkpoint != from.text:
			return nil
		case now.sum != from.sum():
			answer = answerTorn
			return nil
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.IncrBy(ctx, guards[2], from.until(to))
			for _, command := range b.commands {
				_ = p.Process(ctx, command) // is queued
			}
			p.Set(ctx, guards[1], to.text, 0)
			return nil
		})
		if err != nil && !isAborted(err) && !isTransport(err) {
			return fmt.Errorf("%w: %w", errHalfWritten, err)
		}
		if err == nil {
			answer = answerWritten
		}
		return err
	}, guards...)
	if errors.Is(err, redis.TxFailedErr) {
		return 0, nil
	}
	return answer, err
}

// errHalfWritten says that a command failed in a transaction.
var errHalfWritten = errors.New("a batch failed halfway")

// isAborted reports whether an answer says that a transaction was not run.
func isAborted(err error) bool {
	return errors.Is(err, redis.TxFailedErr) || redis.IsExecAbortError(err) || isUnfit(err)
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
	for _, spans := range [][]span{b.keys, b.values} {
		for _, s := range spans {
			b.texts = append(b.texts, b.buffer[s.from:s.to])
		}
	}
	b.arguments = slices.Grow(b.arguments[:0], 2*len(b.keys)+len(b.values)+len(b.keys)/textsTogether+1)
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
		command, n := b.shape[2*i], int(b.shape[2*i+1])
		if command != text || together == 0 || together == textsTogether {
			end()
			b.arguments = append(b.arguments, nameOf(command))
		}
		b.arguments = append(b.arguments, &keys[i])
		for k := range values[:n] {
			b.arguments = append(b.arguments, &values[k])
		}
		if values = values[n:]; command == text {
			together++
		}
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
	}
	return "mset"
}
