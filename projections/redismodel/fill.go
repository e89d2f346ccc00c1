package redismodel

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"daybook/projections/follow"

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
// has. The word keeps a filler that was held up for long from writing on; the
// number is of the batches behind the checkpoint.
func Filling(current Generation) Target {
	return Target{generation: current + 1, current: current, filling: true}
}

// markPrefix begins a mark: filling <word> <batches> <checkpoint, or nothing>.
const markPrefix = "filling "

// unmark returns the checkpoint in a text that may be a mark, and how many
// batches were written since.
func (m *Model) unmark(text string) (checkpoint string, batches uint64) {
	rest, isMark := strings.CutPrefix(text, markPrefix)
	if !isMark || !m.target.filling {
		return text, 0
	}
	_, rest, _ = strings.Cut(rest, " ")
	number, checkpoint, _ := strings.Cut(rest, " ")
	batches, _ = strconv.ParseUint(number, 10, 32) // the sum shows that it is no number
	return checkpoint, batches
}

// IsFilling reports whether batches are put together.
func (m *Model) IsFilling() bool { return m.target.filling }

// IsFresh reports whether nothing was stored when the model was loaded.
func (m *Model) IsFresh() bool { return m.stored.text == "" }

// Fill writes batches one after the other, and the checkpoint to with the last.
// Next puts together each, also while the one before is written, and reports
// whether it is the last. It is Write in every other regard; after an error,
// Load tells what to go on from.
func (m *Model) Fill(ctx context.Context, from, to follow.Checkpoint, next func(*Batch) (isLast bool, err error)) error {
	end, err := placeOf(to)
	if err != nil {
		return err
	}
	start, err := placeOf(from)
	if err != nil {
		return err
	}
	text, batches := m.unmark(m.stored.text)
	if text != start.text {
		return m.moved(from)
	}
	ready, done := make(chan filled), make(chan struct{})
	var fault error
	go func() {
		defer close(done)
		fault = m.fillWith(ctx, ready)
	}()
	word := rand.Text()
	for isLast := false; !isLast; {
		var b *Batch
		if b, isLast, err = m.putTogether(ctx, next); err != nil {
			break
		}
		batches++
		behind := end
		if !isLast {
			behind = place{fmt.Sprintf("%s%s %d %s", markPrefix, word, batches, start.text), start.reached + batches}
		}
		select {
		case ready <- filled{b, behind}: // when the one before is written
		case <-done:
			return fault
		}
	}
	close(ready)
	<-done
	return cmp.Or(fault, err)
}

// putTogether returns the next batch of a Fill, ready to be written. The one
// before may still be on its way.
func (m *Model) putTogether(ctx context.Context, next func(*Batch) (isLast bool, err error)) (b *Batch, isLast bool, err error) {
	m.ahead = 1 - m.ahead
	b = &m.fills[m.ahead]
	m.reset(b)
	if isLast, err = next(b); err == nil {
		b.prepare(ctx)
	}
	return b, isLast, err
}

// write runs the script for a batch between two places.
func (m *Model) write(ctx context.Context, from, to place, b *Batch) error {
	answer, lost, err := b.run(ctx, m.store.writer, m.guards(m.Generation()), m.expected().String(), from, to)
	for _, command := range lost {
		m.Note(b.name(command))
	}
	switch {
	case err != nil && redis.HasErrorPrefix(err, "UNUSABLE"):
		return &follow.Fault{Reason: reasonOf(err), Err: fmt.Errorf("write to %s: %w: %w", m.store, ErrUnusable, err)}
	case err != nil:
		return m.store.failed("write to", err)
	}
	return m.outcome(answer)
}

// outcome says what became of a batch.
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
