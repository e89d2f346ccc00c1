package redismodel

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"daybook/projections"

	"github.com/redis/go-redis/v9"
)

// Filling is Beside for a model that is filled by far more events than a batch
// may have, and that nobody reads meanwhile. Keys that many of these events
// change are written once for all of them, in several transactions, each as small as
// any batch.
//
// Between the first and the last of these the checkpoint is a mark
// instead, with a word of its own for every such time: the keys are of
// different positions then, each at or behind the checkpoint in the mark, and
// each says which. Whoever goes on from there leaves out for each key what it
// has. The word keeps a filler that was held up for long from writing on.
func Filling(current Generation) Target {
	return Target{generation: current + 1, current: current, filling: true}
}

// markPrefix begins a mark: filling <word> <checkpoint, or nothing>.
const markPrefix = "filling "

// unmark returns the checkpoint in a text that may be a mark.
func (m *Model) unmark(text string) string {
	if rest, marked := strings.CutPrefix(text, markPrefix); marked && m.target.filling {
		_, text, _ = strings.Cut(rest, " ")
	}
	return text
}

// IsFilling reports whether batches are put together.
func (m *Model) IsFilling() bool { return m.target.filling }

// IsFresh reports whether nothing was stored when the model was loaded.
func (m *Model) IsFresh() bool { return m.stored == "" }

// Fill writes batches one after the other, and the checkpoint to with the last.
// Next returns each, and whether it is the last. It is Write in every other
// regard; after an error, Load tells what to go on from.
func (m *Model) Fill(ctx context.Context, from, to projections.Checkpoint, next func() (b *Batch, isLast bool, err error)) error {
	toText, err := EncodeCheckpoint(to)
	if err != nil {
		return err
	}
	fromText, err := EncodeCheckpoint(from)
	if err != nil {
		return err
	}
	if m.unmark(m.stored) != fromText {
		return m.moved(from)
	}
	mark := markPrefix + rand.Text() + " " + fromText
	for isLast := false; !isLast; {
		var b *Batch
		if b, isLast, err = next(); err != nil {
			return err
		}
		behind := mark
		if isLast {
			behind = toText
		}
		if err := m.fillWith(ctx, b, behind); err != nil {
			return err
		}
	}
	return nil
}

// write runs the script for a batch between two texts of the checkpoint.
func (m *Model) write(ctx context.Context, from, to string, b *Batch) error {
	guards := m.guards()
	answer, err := b.run(ctx, m.store.writer, guards[0], guards[1], m.expected().String(), from, to)
	switch {
	case err != nil && redis.HasErrorPrefix(err, "UNUSABLE"):
		return fmt.Errorf("write to %s: %w: %w", m.store, ErrUnusable, err)
	case err != nil:
		return m.store.failed("write to", err)
	case answer == answerWritten:
		return nil
	case answer == answerSwitched && m.target.generation != 0:
		return fmt.Errorf("write to %s: %w than %s", m.store, ErrSwitched, m.target.current)
	}
	return fmt.Errorf("%w: what is stored in %s is not what the batch starts from", projections.ErrCheckpointMoved, m.store)
}
