package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"daybook/eventstore"
)

// mappedBytes is how much of the file a Reader of its own maps into memory,
// which scans half again as fast. A bad sector then ends the process with a
// signal instead of ending a sequence with an error: a command may die of it,
// a server must go on accepting, so a Store does not map.
const mappedBytes = 1 << 30

// Reader reads a log that another process may be writing. It implements
// eventstore.Reader.
type Reader struct {
	pool *pool
}

// OpenReadOnly opens the log in a directory for reading, whether or not a
// process has it open for writing. It writes no event; SQLite may create or
// update the index of the write-ahead log beside the file.
func OpenReadOnly(ctx context.Context, directory string) (*Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	path := filepath.Join(directory, fileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open log: there is no log at %s: name the directory that the server writes to", path)
	} else if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return openReader(path, mappedBytes)
}

func openReader(path string, mapped int64) (*Reader, error) {
	pool, err := openPool(path, mapped)
	if err != nil {
		return nil, fmt.Errorf("open log for reading: %w", err)
	}
	return &Reader{pool: pool}, nil
}

// Close waits for the pages that are being read. Sequences end with an
// eventstore.ErrUnavailable.
func (r *Reader) Close() error { return r.pool.close() }

// Read implements eventstore.Reader.
func (r *Reader) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	metadata := eventstore.Includes(include, eventstore.WithMetadata)
	return func(yield func(eventstore.Recorded, error) bool) {
		next := from
		sequence(ctx, yield, func(buffer []eventstore.Recorded) (page, error) {
			p, err := r.pool.page(ctx, buffer, query{stream: stream, from: next, metadata: metadata})
			if err != nil {
				return page{}, fmt.Errorf("read %s: %w", stream, err)
			}
			if n := len(p.events); n > 0 {
				next = p.events[n-1].Revision + 1
			}
			return p, nil
		})
	}
}

// ReadAll implements eventstore.Reader.
func (r *Reader) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	metadata := eventstore.Includes(include, eventstore.WithMetadata)
	return func(yield func(eventstore.Recorded, error) bool) {
		last := after
		sequence(ctx, yield, func(buffer []eventstore.Recorded) (page, error) {
			p, err := r.pool.page(ctx, buffer, query{whole: true, after: last, metadata: metadata})
			if err != nil {
				return page{}, fmt.Errorf("read log: %w", err)
			}
			if n := len(p.events); n > 0 {
				last = p.events[n-1].Position
			}
			return p, nil
		})
	}
}

// sequence yields the events of one page after the other, up to a page that
// is the last. No connection is held while the consumer has the turn.
func sequence(ctx context.Context, yield func(eventstore.Recorded, error) bool, next func(buffer []eventstore.Recorded) (page, error)) {
	var buffer []eventstore.Recorded
	for {
		p, err := next(buffer[:0])
		if err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		for i := range p.events {
			if err := ctx.Err(); err != nil {
				yield(eventstore.Recorded{}, fmt.Errorf("read log: %w", err))
				return
			}
			if !yield(p.events[i], nil) {
				return
			}
		}
		if p.last {
			return
		}
		buffer = p.events
	}
}
