// Package copylog copies a log to another store, event by event, in order: the
// same streams, ids, data, metadata and times. Only positions differ, which each
// store gives itself. It knows no store but by the contract.
package copylog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"daybook/eventstore"
)

// Target is a store that a log is copied to.
type Target interface {
	eventstore.Reader

	// Import appends events with the ids, metadata and times that another log has
	// given them. Otherwise it is Append.
	Import(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Recorded) (eventstore.Appended, error)
}

// ErrDiffers says that the target has something else than the beginning of the
// source. Nothing more was written to it.
var ErrDiffers = errors.New("the target has other events than the source")

// Options are the settings of a copy.
type Options struct {
	From eventstore.Reader
	To   Target

	// Told, if not nil, hears after each append how many events of the source
	// were read, and how many of them the target already had.
	Told func(Progress)
}

// Progress is how far a copy has come.
type Progress struct {
	Compared uint64              // events that the target had already
	Copied   uint64              // events that were appended
	Position eventstore.Position // in the source
}

// Run copies what the target lacks. What it has must be the beginning of the
// source: an interrupted copy is taken up where it stopped, and all that was
// copied before is compared on the way. A server may be appending to the source:
// what it adds later is copied by the next Run.
func Run(ctx context.Context, options Options) (Progress, error) {
	c := copier{Options: options}
	nextThere, stop := iter.Pull2(options.To.ReadAll(ctx, 0, eventstore.WithMetadata))
	defer stop()
	ended := false
	for here, err := range options.From.ReadAll(ctx, 0, eventstore.WithMetadata) {
		if err != nil {
			return c.progress, fmt.Errorf("read the source: %w", err)
		}
		if !ended {
			there, err, ok := nextThere()
			switch {
			case err != nil:
				return c.progress, fmt.Errorf("read the target: %w", err)
			case ok:
				if err := compare(&here, &there); err != nil {
					return c.progress, err
				}
				c.compared(&here)
				continue
			}
			ended = true
		}
		if err := c.add(ctx, here); err != nil {
			return c.progress, err
		}
	}
	if !ended {
		there, err, ok := nextThere()
		switch {
		case err != nil:
			return c.progress, fmt.Errorf("read the target: %w", err)
		case ok:
			return c.progress, fmt.Errorf("%w: behind the last event of the source it has %s@%d: it was written to", ErrDiffers, there.Stream, there.Revision)
		}
	}
	return c.progress, c.flush(ctx)
}

// copier gathers the events of one append of the source, which follow each
// other in one stream and have the same time.
type copier struct {
	Options
	group    []eventstore.Recorded
	size     int
	progress Progress
}

func (c *copier) compared(e *eventstore.Recorded) {
	c.progress.Compared++
	c.progress.Position = e.Position
	c.told()
}

func (c *copier) add(ctx context.Context, e eventstore.Recorded) error {
	size := len(e.Type) + len(e.Data) + len(e.Metadata)
	if len(c.group) > 0 && (!continues(&c.group[len(c.group)-1], &e) || c.size+size > eventstore.MaxAppendBytes) {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	c.group = append(c.group, e)
	c.size += size
	return nil
}

func continues(last, next *eventstore.Recorded) bool {
	return next.Stream == last.Stream && next.Revision == last.Revision+1 && next.RecordedAt.Equal(last.RecordedAt)
}

// flush appends the group. Doing so once more is harmless.
func (c *copier) flush(ctx context.Context) error {
	if len(c.group) == 0 {
		return nil
	}
	first := &c.group[0]
	expected := eventstore.NoStream
	if first.Revision > 0 {
		expected = eventstore.At(first.Revision - 1)
	}
	_, err := c.To.Import(ctx, first.Stream, expected, c.group...)
	switch {
	case errors.Is(err, eventstore.ErrConflict):
		return fmt.Errorf("%w: %w: something else writes to it", ErrDiffers, err)
	case err != nil:
		return fmt.Errorf("write to the target: %w", err)
	}
	c.progress.Copied += uint64(len(c.group))
	c.progress.Position = c.group[len(c.group)-1].Position
	c.group, c.size = c.group[:0], 0
	c.told()
	return nil
}

func (c *copier) told() {
	if c.Told != nil {
		c.Told(c.progress)
	}
}

// compare says in what two events differ that should be the same.
func compare(here, there *eventstore.Recorded) error {
	what := ""
	switch {
	case here.Stream != there.Stream || here.Revision != there.Revision:
		what = fmt.Sprintf("there it is %s@%d", there.Stream, there.Revision)
	case here.ID != there.ID:
		what = "the ids differ"
	case here.Type != there.Type || here.Schema != there.Schema:
		what = "the types differ"
	case !bytes.Equal(here.Data, there.Data):
		what = "the data differs"
	case !bytes.Equal(here.Metadata, there.Metadata) || !here.RecordedAt.Equal(there.RecordedAt):
		what = "the metadata differs"
	default:
		return nil
	}
	return fmt.Errorf("%w: where the source has %s@%d at position %s: %s", ErrDiffers, here.Stream, here.Revision, here.Position, what)
}
