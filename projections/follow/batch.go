package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"daybook/eventstore"
)

// once loads the checkpoint, subscribes from there and applies what comes.
// It returns why it could not go on, and whether the checkpoint has advanced
// since the last time, by this runner or another. Its goroutine has ended by
// then.
func (p *Projection) once(ctx context.Context) (advanced bool, err error) {
	stored, err := p.projector.Load(ctx)
	if err != nil {
		return false, errors.Join(fmt.Errorf("load checkpoint: %w", err), p.discard(ctx, stored, err))
	}
	start, err := p.check(ctx, stored)
	if model, ok := p.projector.(Disposable); ok && (errors.Is(err, ErrWrongLog) || errors.Is(err, ErrOtherFold)) {
		if err := model.Reset(ctx, err); err != nil {
			return false, err
		}
		stored = Checkpoint{}
		start, err = p.check(ctx, stored)
	}
	if err != nil {
		return false, err
	}
	advanced = p.progress.resume(start)

	ctx, cancel := context.WithCancel(ctx)
	messages := make(chan delivery, p.batchSize)
	var reader sync.WaitGroup
	defer reader.Wait()
	defer cancel()
	reader.Go(func() {
		defer close(messages)
		p.read(ctx, start.Position, messages)
	})

	b := batch{stored: stored, start: start, to: start, events: make([]eventstore.Recorded, 0, p.batchSize)}
	looks := time.NewTicker(lookDelay)
	defer looks.Stop()
	for {
		more, err := p.mend(ctx, b.stored)
		if err != nil {
			return advanced, err
		}
		first, isThere, err := p.await(ctx, messages, looks, b.stored, more)
		if err != nil {
			return advanced, err
		}
		if !isThere {
			continue
		}
		failed := b.collect(first, messages, p.progress)
		// What arrived before a failure is applied all the same.
		if b.moves() {
			if err := p.projector.Apply(ctx, b.stored, b.to, b.events); err != nil {
				return advanced, fmt.Errorf("apply %d events after position %s: %w", len(b.events), b.start.Position, err)
			}
			advanced = true
		}
		if p.progress.applied(b) {
			p.failures.live(b.to.Position)
			p.alarm.clear(p)
		}
		if failed != nil {
			return advanced, fmt.Errorf("follow log after position %s: %w", b.to.Position, failed)
		}
		b.next()
	}
}

// lookDelay is how often a runner looks whether the read model is still there.
// Otherwise one that was flushed, restored from an older copy or taken away
// would be noticed with the next event only.
const lookDelay = time.Second

// await returns the next delivery, or none if there is something else to do: at
// once if there is more to mend, and after each look at the stored checkpoint.
func (p *Projection) await(ctx context.Context, messages <-chan delivery, looks *time.Ticker, stored Checkpoint, more bool) (d delivery, isThere bool, err error) {
	mending := make(chan struct{})
	if more {
		close(mending) // do not wait
	}
	select {
	case d, open := <-messages:
		if !open {
			d.err = errEnded
		}
		return d, true, nil
	case <-mending:
		return delivery{}, false, nil
	case <-looks.C:
	}
	now, err := p.projector.Load(ctx)
	switch {
	case err != nil:
		return delivery{}, false, fmt.Errorf("look at the stored checkpoint: %w", err)
	case now != stored:
		return delivery{}, false, fmt.Errorf("%w: stored is position %s, not %s", ErrCheckpointMoved, now.Position, stored.Position)
	}
	return delivery{}, false, nil
}

// delivery is one element of a subscription.
type delivery struct {
	message eventstore.Message
	err     error
}

// read passes a subscription on, until it ends or ctx does. Each time that the
// end of the log is reached it rests, so that under load a batch has what came
// in meanwhile, and not the events of one commit.
func (p *Projection) read(ctx context.Context, after eventstore.Position, to chan<- delivery) {
	for message, err := range p.store.Subscribe(ctx, after) {
		if !deliver(ctx, delivery{message, err}, to) {
			return
		}
		if message.CaughtUp && p.linger > 0 {
			_ = Rest(ctx, p.linger)
		}
	}
}

// deliver reports false if ctx has ended. There nearly always is room; waiting for
// it as well as for the end takes several times as long.
func deliver(ctx context.Context, d delivery, to chan<- delivery) bool {
	select {
	case to <- d:
		return true
	default:
	}
	select {
	case to <- d:
		return true
	case <-ctx.Done():
		return false
	}
}

// batch is what is applied at one time.
type batch struct {
	stored    Checkpoint // in the read model
	start, to Checkpoint // start is stored, or the beginning of this log
	events    []eventstore.Recorded
	caughtUp  bool // the subscription had reached the end of the log
}

// moves reports whether there is anything to write.
func (b *batch) moves() bool { return b.to != b.start }

// collect takes a first delivery and what else has arrived, up to the capacity
// for events. It returns the error that ended the subscription.
func (b *batch) collect(d delivery, messages <-chan delivery, progress *progress) error {
	for {
		if d.err != nil {
			return d.err
		}
		if err := b.add(d.message); err != nil {
			return err
		}
		if len(b.events) == 1 {
			progress.behindSince(b.events[0].RecordedAt)
		}
		if len(b.events) == cap(b.events) {
			return nil
		}
		var open bool
		select {
		case d, open = <-messages:
			if !open {
				d.err = errEnded
			}
		default:
			return nil
		}
	}
}

// errEnded is a subscription that ends without an error.
var errEnded = fmt.Errorf("%w: subscription ended: %w", eventstore.ErrUnavailable, io.ErrUnexpectedEOF)

func (b *batch) add(m eventstore.Message) error {
	switch {
	case m.Position < b.to.Position, m.Event != nil && m.Position == b.to.Position:
		return fmt.Errorf("%w: position %s delivered after %s", errOrder, m.Position, b.to.Position)
	case m.Event != nil:
		b.events = append(b.events, *m.Event)
		b.to = b.to.after(*m.Event)
	default:
		b.to.Position = m.Position
		b.caughtUp = b.caughtUp || m.CaughtUp
	}
	return nil
}

// errOrder is a fault of the store.
var errOrder = errors.New("subscription out of order")

// next begins the batch that follows.
func (b *batch) next() {
	if b.moves() {
		b.stored, b.start = b.to, b.to
	}
	clear(b.events) // the data of applied events is not kept alive
	b.events = b.events[:0]
	b.caughtUp = false
}
